using System.Net;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Access;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Tags;

public sealed class TagTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Root = "/v1/workspaces/current";

    [Fact]
    public async Task Deployments_with_all_of_the_values_are_listed()
    {
        var api = await fixture.NewAsync();
        var (a, b) = (await api.CreateAsync("a"), await api.CreateAsync("b"));
        await api.CreateAsync("c");
        var (team, stage) = (await KeyAsync(api, "team"), await KeyAsync(api, "stage"));
        var (payments, live) = (await ValueAsync(api, team, "payments"), await ValueAsync(api, stage, "live"));
        await TagAsync(api, a, payments);
        await TagAsync(api, a, live);
        await TagAsync(api, b, payments);

        Assert.Equal(["b", "a"], await NamesAsync(api, payments));
        Assert.Equal(["a"], await NamesAsync(api, $"{payments},{live}"));
        Assert.Equal(["a"], await NamesAsync(api, $"{live},{live}"));
        Assert.Empty(await NamesAsync(api, $"{payments},{Guid.NewGuid()}"));
        Assert.Equal(["a"], Names(await api.GetAsync($"/v2/deployments?name_contains=a&tag_value_ids={payments}")));
    }

    [Fact]
    public async Task Keys_and_values_are_made_changed_and_read()
    {
        var api = await fixture.NewAsync();
        var key = (await api.PostAsync($"{Root}/tag-keys", """{"key":" team ","description":"who"}""")).Expect(HttpStatusCode.Created);
        var value = (await api.PostAsync($"{Root}/tag-keys/{key.Id}/tag-values", """{"value":"payments"}""")).Expect(HttpStatusCode.Created);

        Assert.Equal("team", key.Text_("key"));
        Assert.Equal(key.Id, value.Text_("tag_key_id"));
        Assert.Null(value.Text_("description"));
        Assert.Equal(value.Text, (await api.GetAsync($"{Root}/tag-keys/{key.Id}/tag-values/{value.Id}")).Text);
        Assert.Equal($"[{key.Text}]", (await api.GetAsync($"{Root}/tag-keys")).Text);
        Assert.Equal($"[{value.Text}]", (await api.GetAsync($"{Root}/tag-keys/{key.Id}/tag-values")).Text);

        var renamed = (await api.SendAsync(HttpMethod.Patch, $"{Root}/tag-keys/{key.Id}", """{"key":"squad"}""")).Expect(HttpStatusCode.OK);
        (await api.SendAsync(HttpMethod.Patch, $"{Root}/tag-keys/{key.Id}/tag-values/{value.Id}", """{"description":"money"}""")).Expect(HttpStatusCode.OK);

        Assert.Equal(("squad", "who"), (renamed.Text_("key"), renamed.Text_("description")));
        var all = Assert.Single((await api.GetAsync($"{Root}/tags")).Expect(HttpStatusCode.OK).Body.EnumerateArray());
        Assert.Equal("squad", all.GetProperty("key").GetString());
        Assert.Equal("money", Assert.Single(all.GetProperty("values").EnumerateArray()).GetProperty("description").GetString());
    }

    [Fact]
    public async Task What_is_there_already_is_a_conflict()
    {
        var api = await fixture.NewAsync();
        var deployment = await api.CreateAsync();
        var (team, other) = (await KeyAsync(api, "team"), await KeyAsync(api, "other"));
        var value = await ValueAsync(api, team, "payments");
        await TagAsync(api, deployment, value);

        (await api.PostAsync($"{Root}/tag-keys", """{"key":"team"}""")).Expect(HttpStatusCode.Conflict);
        (await api.SendAsync(HttpMethod.Patch, $"{Root}/tag-keys/{other}", """{"key":"team"}""")).Expect(HttpStatusCode.Conflict);
        (await api.PostAsync($"{Root}/tag-keys/{team}/tag-values", """{"value":"payments"}""")).Expect(HttpStatusCode.Conflict);
        (await api.PostAsync($"{Root}/taggings", Tagging(deployment, value))).Expect(HttpStatusCode.Conflict);

        // The same word under another key, and the same key in another workspace.
        await ValueAsync(api, other, "payments");
        await KeyAsync(await fixture.NewAsync(), "team");
    }

    [Fact]
    public async Task Taggings_tell_what_has_a_value_and_what_a_deployment_has()
    {
        var api = await fixture.NewAsync();
        var (a, b) = (await api.CreateAsync("a"), await api.CreateAsync("b"));
        var team = await KeyAsync(api, "team");
        var (payments, search) = (await ValueAsync(api, team, "payments"), await ValueAsync(api, team, "search"));
        var tagging = await TagAsync(api, a, payments);
        await TagAsync(api, b, payments);
        await TagAsync(api, b, search);

        var tagged = (await api.GetAsync($"{Root}/taggings")).Expect(HttpStatusCode.OK).Body.EnumerateArray().ToList();
        var ofB = Assert.Single((await api.GetAsync($"{Root}/tags/resource?resource_type=deployment&resource_id={b}")).Expect(HttpStatusCode.OK).Body.EnumerateArray());

        Assert.Equal([payments, search], tagged.Select(one => one.GetProperty("tag_value_id").GetString()));
        Assert.Equal(["b", "a"], tagged[0].GetProperty("resources").GetProperty("deployments").EnumerateArray().Select(one => one.GetProperty("resource_name").GetString()));
        Assert.Equal(["payments", "search"], ofB.GetProperty("values").EnumerateArray().Select(one => one.GetProperty("value").GetString()));
        Assert.Single((await api.GetAsync($"{Root}/taggings?tag_value_id={search}")).Body.EnumerateArray());

        (await api.DeleteAsync($"{Root}/taggings/{tagging}")).Expect(HttpStatusCode.NoContent);

        Assert.Equal(["b"], await NamesAsync(api, payments));
        Assert.Equal("[]", (await api.GetAsync($"{Root}/tags/resource?resource_type=deployment&resource_id={a}")).Text);
        (await api.DeleteAsync($"{Root}/taggings/{tagging}")).Expect(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Taggings_go_with_their_deployment_their_value_and_its_key()
    {
        var api = await fixture.NewAsync();
        var (a, b) = (await api.CreateAsync("a"), await api.CreateAsync("b"));
        var (team, stage) = (await KeyAsync(api, "team"), await KeyAsync(api, "stage"));
        var (payments, live) = (await ValueAsync(api, team, "payments"), await ValueAsync(api, stage, "live"));
        await TagAsync(api, a, payments);
        await TagAsync(api, b, payments);
        await TagAsync(api, b, live);

        (await api.DeleteAsync($"/v2/deployments/{a}")).Expect(HttpStatusCode.NoContent);
        (await api.DeleteAsync($"/v2/deployments/{a}?force=true")).Expect(HttpStatusCode.NoContent);
        Assert.Equal(2, await TaggingsAsync(api));

        (await api.DeleteAsync($"{Root}/tag-keys/{stage}/tag-values/{live}")).Expect(HttpStatusCode.NoContent);
        Assert.Equal(1, await TaggingsAsync(api));

        (await api.DeleteAsync($"{Root}/tag-keys/{team}")).Expect(HttpStatusCode.NoContent);
        Assert.Equal(0, await TaggingsAsync(api));
        (await api.GetAsync($"{Root}/tag-keys/{team}")).Expect(HttpStatusCode.NotFound);
        (await api.GetAsync($"{Root}/tag-keys/{team}/tag-values")).Expect(HttpStatusCode.NotFound);
        Assert.Equal(["b"], Names(await api.GetAsync("/v2/deployments")));
    }

    [Fact]
    public async Task Those_of_another_workspace_are_unknown()
    {
        var (api, other) = (await fixture.NewAsync(), await fixture.NewAsync());
        var (mine, theirs) = (await api.CreateAsync(), await other.CreateAsync());
        var (myKey, key) = (await KeyAsync(api, "mine"), await KeyAsync(other, "team"));
        var (myValue, value) = (await ValueAsync(api, myKey, "x"), await ValueAsync(other, key, "payments"));
        var tagging = await TagAsync(other, theirs, value);

        foreach (var refused in new[]
        {
            await api.GetAsync($"{Root}/tag-keys/{key}"),
            await api.SendAsync(HttpMethod.Patch, $"{Root}/tag-keys/{key}", """{"key":"x"}"""),
            await api.DeleteAsync($"{Root}/tag-keys/{key}"),
            await api.GetAsync($"{Root}/tag-keys/{key}/tag-values"),
            await api.PostAsync($"{Root}/tag-keys/{key}/tag-values", """{"value":"x"}"""),
            await api.GetAsync($"{Root}/tag-keys/{key}/tag-values/{value}"),
            await api.GetAsync($"{Root}/tag-keys/{myKey}/tag-values/{value}"),
            await api.SendAsync(HttpMethod.Patch, $"{Root}/tag-keys/{key}/tag-values/{value}", """{"value":"x"}"""),
            await api.DeleteAsync($"{Root}/tag-keys/{key}/tag-values/{value}"),
            await api.PostAsync($"{Root}/taggings", Tagging(mine, value)),
            await api.PostAsync($"{Root}/taggings", Tagging(theirs, myValue)),
            await api.DeleteAsync($"{Root}/taggings/{tagging}"),
            await api.GetAsync($"{Root}/tags/resource?resource_type=deployment&resource_id={theirs}"),
        }) refused.Expect(HttpStatusCode.NotFound);

        Assert.Empty(await NamesAsync(api, value));
        Assert.Equal("[]", (await api.GetAsync($"{Root}/taggings")).Text);
        Assert.Equal("[]", (await api.GetAsync($"{Root}/taggings?tag_value_id={value}")).Text);
        Assert.Equal(["app"], await NamesAsync(other, value));
    }

    [Theory]
    [InlineData("tag-keys", "{}", "missing body.key")]
    [InlineData("tag-keys", """{"key":" "}""", "value_error body.key")]
    [InlineData("tag-keys", """{"key":7}""", "string_type body.key")]
    [InlineData("taggings", """{"resource_type":"project"}""", "missing body.tag_value_id,enum body.resource_type,missing body.resource_id")]
    [InlineData("taggings", """{"tag_value_id":"x","resource_type":"deployment","resource_id":null}""", "uuid_parsing body.tag_value_id,missing body.resource_id")]
    public async Task Bad_bodies_are_422(string path, string body, string faults)
    {
        var api = await fixture.NewAsync();

        var reply = await api.PostAsync($"{Root}/{path}", body);

        Assert.Equal(faults.Split(','), reply.Expect(HttpStatusCode.UnprocessableEntity).Faults);
    }

    [Fact]
    public async Task A_viewer_reads_and_changes_nothing_and_a_repeated_request_makes_one()
    {
        var api = await fixture.NewAsync();
        var viewer = await api.AsAsync(Roles.Viewer);

        var first = await api.SendAsync(HttpMethod.Post, $"{Root}/tag-keys", """{"key":"team"}""", ("Idempotency-Key", "k1"));
        var again = await api.SendAsync(HttpMethod.Post, $"{Root}/tag-keys", """{"key":"team"}""", ("Idempotency-Key", "k1"));

        Assert.Equal(first.Expect(HttpStatusCode.Created).Text, again.Expect(HttpStatusCode.Created).Text);
        Assert.Equal($"[{first.Text}]", (await viewer.GetAsync($"{Root}/tag-keys")).Expect(HttpStatusCode.OK).Text);
        (await viewer.PostAsync($"{Root}/tag-keys", """{"key":"x"}""")).Expect(HttpStatusCode.Forbidden);
        (await viewer.DeleteAsync($"{Root}/tag-keys/{first.Id}")).Expect(HttpStatusCode.Forbidden);
        var told = await api.Host.WithDbAsync(db => db.Audit.Where(row => row.WorkspaceId == api.Workspace.Value).OrderBy(row => row.Sequence)
            .Select(row => $"{row.Operation} {row.Outcome}").ToListAsync(ControlHost.Cancel));
        Assert.Equal(["create_tag_key succeeded", "create_tag_key refused", "delete_tag_key refused"], told);
    }

    private static async Task<string> KeyAsync(Api api, string key) =>
        (await api.PostAsync($"{Root}/tag-keys", $$"""{"key":"{{key}}"}""")).Expect(HttpStatusCode.Created).Id;

    private static async Task<string> ValueAsync(Api api, string key, string value) =>
        (await api.PostAsync($"{Root}/tag-keys/{key}/tag-values", $$"""{"value":"{{value}}"}""")).Expect(HttpStatusCode.Created).Id;

    private static async Task<string> TagAsync(Api api, string deployment, string value) =>
        (await api.PostAsync($"{Root}/taggings", Tagging(deployment, value))).Expect(HttpStatusCode.Created).Id;

    private static string Tagging(string deployment, string value) =>
        $$"""{"tag_value_id":"{{value}}","resource_type":"deployment","resource_id":"{{deployment}}"}""";

    private static async Task<List<string>> NamesAsync(Api api, string values) => Names(await api.GetAsync($"/v2/deployments?tag_value_ids={values}"));

    private static List<string> Names(Reply reply) =>
        [.. reply.Expect(HttpStatusCode.OK).Body.GetProperty("resources").EnumerateArray().Select(one => one.GetProperty("name").GetString()!)];

    private static Task<int> TaggingsAsync(Api api) =>
        api.Host.WithDbAsync(db => db.Taggings.CountAsync(row => row.WorkspaceId == api.Workspace.Value, ControlHost.Cancel));
}
