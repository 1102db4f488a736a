using System.Net;
using Microsoft.Data.Sqlite;
using Npgsql;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Control.Tests.World;
using Xunit;

namespace Pilothouse.Control.Tests.Errors;

/// <summary>A store that cannot is nothing that the caller did.</summary>
public sealed class StoreTroubleTests
{
    public static TheoryData<string, string> Troubles => new()
    {
        { "sqlite 5", "The store is busy" },
        { "sqlite 8", "The disk of the control plane cannot be written" },
        { "sqlite 10", "The store does not answer" },
        { "sqlite 13", "The disk of the control plane is full" },
        { "sqlite 14", "The store does not answer" },
        { "postgres 57P01", "The store does not answer" },
        { "postgres 53300", "The store does not answer" },
        { "postgres 53100", "The disk of the control plane is full" },
        { "postgres 40P01", "The store is busy" },
        { "postgres 25006", "The disk of the control plane cannot be written" },
        { "errno 28", "The disk of the control plane is full" },
        { "errno 30", "The disk of the control plane cannot be written" },
        { "errno 24", "The control plane has as many files open" },
    };

    [Theory]
    [MemberData(nameof(Troubles))]
    public async Task Trouble_of_the_store_is_a_503_with_a_sentence_and_over_when_it_is_over(string trouble, string sentence)
    {
        var faults = new StoreFaults { Failure = () => Of(trouble) };
        await using var host = await ControlHost.StartAsync(services: services => services.InterceptStore(faults, faults.Commits));
        var api = await Api.InNewWorkspaceAsync(host);
        (await api.GetAsync("/v2/deployments")).Expect(HttpStatusCode.OK);

        faults.Arm(_ => true);
        var refused = await api.PostAsync("/v2/deployments", Bodies.Internal("app", "internal_source", "prod", "[]"));
        faults.Disarm();

        refused.Expect(HttpStatusCode.ServiceUnavailable);
        Assert.StartsWith(sentence, refused.Detail, StringComparison.Ordinal);
        Assert.NotNull(refused.Headers.RetryAfter);
        await api.CreateAsync();
    }

    [Fact]
    public async Task A_fault_of_our_own_stays_a_500()
    {
        var faults = new StoreFaults { Failure = () => new SqliteException("no such column", 1) };
        await using var host = await ControlHost.StartAsync(services: services => services.InterceptStore(faults));
        var api = await Api.InNewWorkspaceAsync(host);
        (await api.GetAsync("/v2/deployments")).Expect(HttpStatusCode.OK);

        faults.Arm(_ => true);

        (await api.PostAsync("/v2/deployments", Bodies.Internal("app", "internal_source", "prod", "[]"))).Expect(HttpStatusCode.InternalServerError);
    }

    private static Exception Of(string trouble) => trouble.Split(' ') switch
    {
        ["sqlite", var code] => new SqliteException("injected", int.Parse(code, System.Globalization.CultureInfo.InvariantCulture)),
        ["postgres", var state] => new PostgresException("injected", "ERROR", "ERROR", state),
        [_, var number] => new IOException("injected", int.Parse(number, System.Globalization.CultureInfo.InvariantCulture)),
        _ => throw new ArgumentOutOfRangeException(nameof(trouble)),
    };
}
