using Pilothouse.Contract.Tests.Contract;
using Pilothouse.Contract.Tests.Documents;
using Pilothouse.Contract.Tests.World;
using Xunit;

namespace Pilothouse.Contract.Tests.Tenancy;

/// <summary>
/// A foreign thing costs the same as none: the same questions to the store, so that no clock tells them apart. Counted, not timed, since
/// times waver.
/// </summary>
public sealed class StoreQueriesTests
{
    [Theory]
    [InlineData("/v2/deployments/{0}", "deployment_id")]
    [InlineData("/v2/deployments/{1}/revisions/{0}", "revision_id")]
    [InlineData("/v2/deployments/{0}/revisions", "deployment_id")]
    [InlineData("/v2/deployments/{0}/explain", "deployment_id")]
    [InlineData("/v2/deployments/{0}/rollback", "deployment_id")]
    [InlineData("/v2/deployments/{0}/events", "deployment_id")]
    [InlineData("/v2/listeners/{0}", "listener_id")]
    [InlineData("/v2/auth/providers/{0}", "provider_id")]
    [InlineData("/v2/auth/tokens?provider_id={0}", "provider_id")]
    [InlineData("/v2/auth/wait/{0}?timeout=0", "auth_id")]
    [InlineData("/v2/access/users/{0}", "user_id")]
    [InlineData("/v1/integrations/github/{0}/repos", "integration_id")]
    [InlineData("/v2/integrations/forge-github/picker-sessions/{0}", "session_id")]
    public async Task The_store_is_asked_the_same_for_a_foreign_thing_as_for_none(string path, string kind)
    {
        await using var host = new ContractHost();
        await host.InitializeAsync();
        using var theirs = await Tenant.NewAsync(host);
        using var ours = await Tenant.NewAsync(host);
        await theirs.FillAsync(OurDocument.File);
        await ours.FillAsync(OurDocument.File);
        using var queries = new StoreQueries();

        // Whoever is known already is not looked up again.
        await queries.OfAsync(ours.Http, "/v2/access/me", ContractHost.Cancel);
        var own = await AskAsync(ours.Ids[kind]);
        var foreign = await AskAsync(theirs.Ids[kind]);
        var unknown = await AskAsync(Unknown.Like(kind, theirs.Ids[kind]));

        Assert.Contains(own, text => text.Contains("SELECT", StringComparison.Ordinal));
        Assert.Equal(unknown, foreign);

        Task<IReadOnlyList<string>> AskAsync(string id) => queries.OfAsync(
            ours.Http, string.Format(System.Globalization.CultureInfo.InvariantCulture, path, id, ours.Ids["deployment_id"]), ContractHost.Cancel);
    }
}
