using Xunit;

namespace Pilothouse.Client.Tests;

public sealed class AccessTests
{
    private static readonly Guid s_id = Guid.NewGuid();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lists_are_read_to_their_end_and_filters_are_sent()
    {
        var workspace = """{"id":"0193aaaa-0000-7000-8000-000000000001","name":"w","created_at":"2026-11-25T00:00:00Z"}""";
        var full = string.Join(',', Enumerable.Repeat(workspace, 100));
        await using var server = await StubServer.StartAsync((context, number) => StubServer.SayAsync(
            context, 200, $$"""{"resources":[{{(number == 1 ? full : number == 2 ? workspace : "")}}],"offset":0}"""));
        using var client = server.Client();

        var count = 0;
        await foreach (var _ in client.ListWorkspacesAsync(Cancel)) count++;
        await client.ListAuditAsync(new AuditFilter { Actor = s_id, From = DateTimeOffset.UnixEpoch, IsOfOrganization = true, Limit = 5 }, Cancel);

        Assert.Equal(101, count);
        Assert.Equal(
            [
                "GET /v2/access/workspaces?limit=100&offset=0", "GET /v2/access/workspaces?limit=100&offset=100",
                $"GET /v2/access/audit-log?limit=5&offset=0&scope=organization&start_time=1970-01-01T00%3A00%3A00.0000000Z&actor_id={s_id}",
            ],
            server.Requests);
    }
}
