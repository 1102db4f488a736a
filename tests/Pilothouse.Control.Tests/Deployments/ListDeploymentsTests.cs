using System.Net;
using Pilothouse.Core.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Deployments;

public sealed class ListDeploymentsTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Theory]
    [InlineData("", "c-two b-one a-one")]
    [InlineData("name_contains=", "c-two b-one a-one")]
    [InlineData("name_contains=ONE", "b-one a-one")]
    [InlineData("name_contains=%25", "")]
    [InlineData("name_contains=_", "")]
    [InlineData("name=a-one", "a-one")]
    [InlineData("name=a", "")]
    [InlineData("name=b-one&name_contains=two", "")]
    [InlineData("name=c-two&name_contains=c-two&limit=100&offset=0", "c-two")]
    [InlineData("status=READY", "c-two a-one")]
    [InlineData("status=UNUSED,READY", "c-two b-one a-one")]
    [InlineData("remote_reconciled=false", "c-two b-one")]
    [InlineData("remote_reconciled=true", "a-one")]
    [InlineData("image_version=langgraph-api 1.0", "b-one")]
    [InlineData("deployment_type=prod", "c-two")]
    [InlineData("deployment_type=dedicated", "")]
    [InlineData("agent_id=agent-7", "c-two")]
    [InlineData("agent_id=agent-7&agent_environment=production", "c-two")]
    [InlineData("agent_id=agent-7&agent_environment=staging", "")]
    [InlineData("agent_environment=production", "c-two")]
    [InlineData("agent_id=agent-8", "")]
    [InlineData("tag_value_ids=0193aaaa-0000-7000-8000-000000000000", "")]
    [InlineData("deployment_ids={a},{b}", "b-one a-one")]
    [InlineData("deployment_ids={a}&deployment_ids={c}", "c-two a-one")]
    [InlineData("deployment_ids=0193aaaa-0000-7000-8000-000000000000", "")]
    [InlineData("limit=1", "c-two")]
    [InlineData("limit=1&offset=2", "a-one")]
    [InlineData("offset=3", "")]
    public async Task Filters_are_joined_and_the_newest_comes_first(string query, string names)
    {
        var api = await fixture.NewAsync();
        var (a, b, c) = (await api.CreateAsync("a-one"), await api.CreateAsync("b-one"), await api.CreateAsync("c-two", type: "prod"));
        await api.ChangeAsync(a, row => row.ListenerId = Guid.NewGuid());
        await api.ChangeAsync(b, row => (row.Status, row.ImageVersion, row.CreatedAt) = (DeploymentStatus.Unused, "langgraph-api 1.0", row.CreatedAt));
        await api.ChangeAsync(c, row => (row.AgentId, row.AgentEnvironment) = ("agent-7", "production"));
        query = query.Replace("{a}", a, StringComparison.Ordinal).Replace("{b}", b, StringComparison.Ordinal).Replace("{c}", c, StringComparison.Ordinal);

        var reply = (await api.GetAsync($"/v2/deployments?{query}")).Expect(HttpStatusCode.OK);

        Assert.Equal(names, string.Join(' ', Names(reply)));
        var offset = query.Split("offset=") is [_, var text] ? int.Parse(text) : 0;
        Assert.Equal(offset + Names(reply).Count, reply.Body.GetProperty("offset").GetInt32());
    }

    [Theory]
    [InlineData("limit=0", "greater_than_equal query.limit")]
    [InlineData("limit=101", "less_than_equal query.limit")]
    [InlineData("limit=many", "int_parsing query.limit")]
    [InlineData("offset=-1", "greater_than_equal query.offset")]
    [InlineData("offset=99999999999", "less_than_equal query.offset")]
    [InlineData("status=GONE", "enum query.status")]
    [InlineData("remote_reconciled=perhaps", "bool_parsing query.remote_reconciled")]
    [InlineData("deployment_type=huge", "enum query.deployment_type")]
    [InlineData("deployment_ids=x", "uuid_parsing query.deployment_ids.0")]
    [InlineData("agent_environment=local", "enum query.agent_environment")]
    public async Task Bad_parameters_are_422(string query, string fault)
    {
        var api = await fixture.NewAsync();

        var reply = await api.GetAsync($"/v2/deployments?{query}");

        Assert.Equal([fault], reply.Expect(HttpStatusCode.UnprocessableEntity).Faults);
    }

    [Fact]
    public async Task Paging_by_the_answered_offset_while_others_create_misses_nothing()
    {
        var api = await fixture.NewAsync();
        var before = new List<string>();
        for (var at = 0; at < 25; at++) before.Add(await api.CreateAsync($"old-{at}"));

        var seen = new List<string>();
        var offset = 0;
        for (var page = 0; ; page++)
        {
            var reply = (await api.GetAsync($"/v2/deployments?limit=4&offset={offset}")).Expect(HttpStatusCode.OK);
            var ids = reply.Body.GetProperty("resources").EnumerateArray().Select(one => one.GetProperty("id").GetString()!).ToList();
            seen.AddRange(ids);
            offset = reply.Body.GetProperty("offset").GetInt32();
            if (ids.Count < 4) break;
            await api.CreateAsync($"new-{page}-a");
            await api.CreateAsync($"new-{page}-b");
        }

        Assert.Empty(before.Except(seen));
        Assert.Equal(before.AsEnumerable().Reverse(), seen.Distinct().Where(before.Contains));
    }

    [Fact]
    public async Task Order_is_stable_among_equals()
    {
        var api = await fixture.NewAsync();
        for (var at = 0; at < 12; at++)
        {
            var id = await api.CreateAsync($"app-{at}");
            await api.ChangeAsync(id, row => row.CreatedAt = DateTimeOffset.UnixEpoch);
        }

        var whole = Names(await api.GetAsync("/v2/deployments?limit=100"));
        var pages = new List<string>();
        for (var offset = 0; offset < 12; offset += 5) pages.AddRange(Names(await api.GetAsync($"/v2/deployments?limit=5&offset={offset}")));

        Assert.Equal(12, whole.Count);
        Assert.Equal(whole, pages);
    }

    [Fact]
    public async Task Free_deployments_are_counted_for_the_organization()
    {
        await using var host = await ControlHost.StartAsync();
        var (one, two) = (await Api.InNewWorkspaceAsync(host), await Api.InNewWorkspaceAsync(host));
        await one.CreateAsync("a", type: "dev_free");
        await two.CreateAsync("a", type: "dev_free");
        await two.CreateAsync("b", type: "dev");
        var gone = await two.CreateAsync("c", type: "dev_free");
        await two.DeleteAsync($"/v2/deployments/{gone}");

        Assert.Equal("""{"count":2}""", (await one.GetAsync("/v2/deployments/free-count")).Expect(HttpStatusCode.OK).Text);
    }

    private static List<string> Names(Reply reply) =>
        [.. reply.Body.GetProperty("resources").EnumerateArray().Select(one => one.GetProperty("name").GetString()!)];
}
