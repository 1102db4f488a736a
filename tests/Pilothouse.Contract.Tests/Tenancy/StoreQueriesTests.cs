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
    private static readonly (string Path, string Kind)[] s_asked =
    [
        ("/v2/deployments/{0}", "deployment_id"),
        ("/v2/deployments/{1}/revisions/{0}", "revision_id"),
        ("/v2/deployments/{0}/revisions", "deployment_id"),
        ("/v2/deployments/{0}/explain", "deployment_id"),
        ("/v2/deployments/{0}/rollback", "deployment_id"),
        ("/v2/deployments/{0}/events", "deployment_id"),
        ("/v2/listeners/{0}", "listener_id"),
        ("/v2/auth/providers/{0}", "provider_id"),
        ("/v2/auth/tokens?provider_id={0}", "provider_id"),
        ("/v2/access/users/{0}", "user_id"),
        ("/v1/integrations/github/{0}/repos", "integration_id"),
        ("/v2/integrations/forge-github/picker-sessions/{0}", "session_id"),
    ];

    [Fact]
    public async Task The_store_is_asked_the_same_for_a_foreign_thing_as_for_none()
    {
        // Before the host: it looks only now and then whether anybody listens.
        using var queries = new StoreQueries();
        await using var host = new ContractHost();
        await host.InitializeAsync();
        using var theirs = await Tenant.NewAsync(host);
        using var ours = await Tenant.NewAsync(host);
        await theirs.FillAsync(OurDocument.File);
        await ours.FillAsync(OurDocument.File);

        // Whoever is known already is not looked up again.
        await queries.OfAsync(ours.Http, "/v2/access/me", ContractHost.Cancel);
        var faults = new List<string>();
        foreach (var (path, kind) in s_asked)
        {
            var own = await AskAsync(path, ours.Ids[kind]);
            var foreign = await AskAsync(path, theirs.Ids[kind]);
            var unknown = await AskAsync(path, Unknown.Like(kind, theirs.Ids[kind]));
            if (!own.Any(text => text.Contains("SELECT", StringComparison.Ordinal))) faults.Add($"{path}: the store was not asked at all.");
            if (!foreign.SequenceEqual(unknown)) faults.Add($"{path}:\n  {string.Join("\n  ", foreign)}\nis not\n  {string.Join("\n  ", unknown)}");
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));

        Task<IReadOnlyList<string>> AskAsync(string path, string id) => queries.OfAsync(
            ours.Http, string.Format(System.Globalization.CultureInfo.InvariantCulture, path, id, ours.Ids["deployment_id"]), ContractHost.Cancel);
    }
}
