using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Access;
using Pilothouse.Control.Listeners;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Listeners;

/// <summary>A workspace's own listeners, as the contract has them.</summary>
public sealed class ListenerEndpointTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static readonly string[] s_fields = ["compute_config", "compute_id", "compute_type", "created_at", "gateway_url", "id", "last_seen_at", "updated_at", "version"];

    [Fact]
    public async Task Created_listener_is_answered_whole_and_the_same_when_read()
    {
        var api = await fixture.NewAsync();

        var made = await api.PostAsync(
            "/v2/listeners", """{"compute_type":"k8s","compute_id":"prod-eu","compute_config":{"k8s_namespaces":["agents","agents-2"]},"version":"0.2.22","unknown":1}""");
        var read = await api.GetAsync($"/v2/listeners/{made.Expect(HttpStatusCode.Created).Id}");

        Assert.Equal(s_fields, made.Body.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal));
        Assert.Equal(("k8s", "prod-eu", "0.2.22"), (made.Text_("compute_type"), made.Text_("compute_id"), made.Text_("version")));
        Assert.Equal(["agents", "agents-2"], Namespaces(made.Body));
        Assert.Equal(made.Text_("created_at"), made.Text_("updated_at"));
        Assert.Equal(made.Text, read.Expect(HttpStatusCode.OK).Text);
    }

    [Fact]
    public async Task Version_may_lack()
    {
        var api = await fixture.NewAsync();

        Assert.Null((await api.PostAsync("/v2/listeners", Body("one"))).Expect(HttpStatusCode.Created).Text_("version"));
    }

    [Fact]
    public async Task Compute_id_is_taken_once_in_a_workspace_also_at_the_same_moment()
    {
        var (api, other) = (await fixture.NewAsync(), await fixture.NewAsync());

        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => api.PostAsync("/v2/listeners", Body("prod"))));
        var elsewhere = await other.PostAsync("/v2/listeners", Body("prod"));

        Assert.Single(replies, reply => reply.Status == HttpStatusCode.Created);
        Assert.All(replies.Where(reply => reply.Status != HttpStatusCode.Created), refused => Assert.Equal(
            (HttpStatusCode.Conflict, $"Listener for LangSmith workspace ID '{api.Workspace}' and compute ID 'prod' already exists."),
            (refused.Status, refused.Detail)));
        elsewhere.Expect(HttpStatusCode.Created);
        Assert.Single(await PageAsync(api, ""));
    }

    [Theory]
    [InlineData("{}", "missing body.compute_type", "missing body.compute_id", "missing body.compute_config")]
    [InlineData("""{"compute_type":"vm","compute_id":7,"compute_config":[],"version":1}""", "string_type body.version", "enum body.compute_type", "string_type body.compute_id", "model_attributes_type body.compute_config")]
    [InlineData("""{"compute_type":null,"compute_id":null,"compute_config":null}""", "enum body.compute_type", "string_type body.compute_id", "model_attributes_type body.compute_config")]
    [InlineData("""{"compute_type":"k8s","compute_id":" ","compute_config":{"k8s_namespaces":["a"]}}""", "value_error body.compute_id")]
    [InlineData("""{"compute_type":"k8s","compute_id":"a","compute_config":{}}""", "value_error body.compute_config.k8s_namespaces")]
    [InlineData("""{"compute_type":"k8s","compute_id":"a","compute_config":{"k8s_namespaces":null}}""", "value_error body.compute_config.k8s_namespaces")]
    [InlineData("""{"compute_type":"k8s","compute_id":"a","compute_config":{"k8s_namespaces":[]}}""", "value_error body.compute_config.k8s_namespaces")]
    [InlineData("""{"compute_type":"k8s","compute_id":"a","compute_config":{"k8s_namespaces":"a"}}""", "list_type body.compute_config.k8s_namespaces")]
    [InlineData("""{"compute_type":"k8s","compute_id":"a","compute_config":{"k8s_namespaces":["a","a"]}}""", "value_error body.compute_config.k8s_namespaces")]
    [InlineData("""{"compute_type":"k8s","compute_id":"a","compute_config":{"k8s_namespaces":["A"]}}""", "value_error body.compute_config.k8s_namespaces")]
    [InlineData("""{"compute_type":"k8s","compute_id":"a","compute_config":{"k8s_namespaces":["-a"]}}""", "value_error body.compute_config.k8s_namespaces")]
    [InlineData("""{"compute_type":"k8s","compute_id":"a","compute_config":{"k8s_namespaces":["a.b"]}}""", "value_error body.compute_config.k8s_namespaces")]
    [InlineData("""{"compute_type":"k8s","compute_id":"a","compute_config":{"k8s_namespaces":["a\n"]}}""", "value_error body.compute_config.k8s_namespaces")]
    public async Task Faults_of_a_create_are_told_at_once(string body, params string[] faults)
    {
        var api = await fixture.NewAsync();

        var refused = await api.PostAsync("/v2/listeners", body);

        Assert.Equal(faults.Order(StringComparer.Ordinal), refused.Expect(HttpStatusCode.UnprocessableEntity).Faults.Order(StringComparer.Ordinal));
        Assert.Empty(await PageAsync(api, ""));
    }

    [Theory]
    [InlineData(63, 100, HttpStatusCode.Created)]
    [InlineData(64, 1, HttpStatusCode.UnprocessableEntity)]
    [InlineData(63, 101, HttpStatusCode.UnprocessableEntity)]
    public async Task Names_and_number_of_namespaces_have_limits(int length, int count, HttpStatusCode expected)
    {
        var api = await fixture.NewAsync();
        var names = Enumerable.Range(0, count).Select(at => $"{at:000}{new string('x', length - 3)}");

        (await api.PostAsync("/v2/listeners", Body("one", [.. names]))).Expect(expected);
    }

    [Fact]
    public async Task List_goes_in_pages_in_the_order_of_creation()
    {
        var api = await fixture.NewAsync();
        var made = new List<string>();
        for (var at = 0; at < 5; at++) made.Add((await api.PostAsync("/v2/listeners", Body($"cluster-{at}"))).Expect(HttpStatusCode.Created).Id);

        var first = await api.GetAsync("/v2/listeners?limit=2");
        made.Add((await api.PostAsync("/v2/listeners", Body("while-paging"))).Id);
        var second = await api.GetAsync($"/v2/listeners?limit=2&offset={first.Text_("offset")}");
        var rest = await api.GetAsync($"/v2/listeners?offset={second.Text_("offset")}");
        var end = await api.GetAsync($"/v2/listeners?offset={rest.Text_("offset")}");

        Assert.Equal(made, [.. Ids(first), .. Ids(second), .. Ids(rest)]);
        Assert.Equal(("2", "4", "6", "6"), (first.Text_("offset"), second.Text_("offset"), rest.Text_("offset"), end.Text_("offset")));
        Assert.Empty(Ids(end));
    }

    [Theory]
    [InlineData("limit=0&offset=-1", "greater_than_equal query.limit", "greater_than_equal query.offset")]
    [InlineData("limit=101&offset=x", "less_than_equal query.limit", "int_parsing query.offset")]
    public async Task Faults_of_a_page_are_told_at_once(string query, params string[] faults)
    {
        var api = await fixture.NewAsync();

        Assert.Equal(faults, (await api.GetAsync($"/v2/listeners?{query}")).Expect(HttpStatusCode.UnprocessableEntity).Faults);
    }

    [Fact]
    public async Task Patch_changes_version_and_namespaces_and_leaves_what_is_null()
    {
        var api = await fixture.NewAsync();
        var made = await api.PostAsync("/v2/listeners", Body("prod", "a"));
        var path = $"/v2/listeners/{made.Id}";

        var version = await api.SendAsync(HttpMethod.Patch, path, """{"version":"2"}""");
        var spaces = await api.SendAsync(HttpMethod.Patch, path, """{"version":null,"compute_config":{"k8s_namespaces":["b","c"]}}""");
        var nothing = await api.SendAsync(HttpMethod.Patch, path, """{"compute_config":{"k8s_namespaces":null},"compute_id":"prod","compute_type":"k8s"}""");

        Assert.Equal(("2", "a"), (version.Expect(HttpStatusCode.OK).Text_("version"), Assert.Single(Namespaces(version.Body))));
        Assert.Equal(["b", "c"], Namespaces(spaces.Expect(HttpStatusCode.OK).Body));
        Assert.Equal("2", spaces.Text_("version"));
        Assert.Equal(spaces.Text, nothing.Expect(HttpStatusCode.OK).Text);
        Assert.Equal(spaces.Text, (await api.GetAsync(path)).Text);
        Assert.Equal(made.Text_("created_at"), spaces.Text_("created_at"));
    }

    [Fact]
    public async Task Compute_type_and_id_cannot_change()
    {
        var api = await fixture.NewAsync();
        var made = await api.PostAsync("/v2/listeners", Body("prod"));

        var refused = await api.SendAsync(HttpMethod.Patch, $"/v2/listeners/{made.Id}", """{"compute_type":"vm","compute_id":"other","version":"9"}""");

        Assert.Equal((HttpStatusCode.BadRequest, "compute_type cannot be changed; compute_id cannot be changed"), (refused.Status, refused.Detail));
        Assert.Equal(made.Text, (await api.GetAsync($"/v2/listeners/{made.Id}")).Text);
    }

    [Theory]
    [InlineData("""{"version":1,"compute_config":{"k8s_namespaces":[]}}""", "string_type body.version", "value_error body.compute_config.k8s_namespaces")]
    [InlineData("""{"compute_config":"a"}""", "model_attributes_type body.compute_config")]
    [InlineData("", "missing body")]
    public async Task Faults_of_a_patch_are_told_at_once(string body, params string[] faults)
    {
        var api = await fixture.NewAsync();
        var made = await api.PostAsync("/v2/listeners", Body("prod"));

        var refused = await api.SendAsync(HttpMethod.Patch, $"/v2/listeners/{made.Id}", body);

        Assert.Equal(faults, refused.Expect(HttpStatusCode.UnprocessableEntity).Faults);
    }

    [Fact]
    public async Task Deleted_listener_is_gone_and_its_compute_id_free()
    {
        var api = await fixture.NewAsync();
        var made = await api.PostAsync("/v2/listeners", Body("prod"));

        var deleted = await api.DeleteAsync($"/v2/listeners/{made.Id}");
        var again = await api.DeleteAsync($"/v2/listeners/{made.Id}");

        Assert.Equal((HttpStatusCode.NoContent, ""), (deleted.Status, deleted.Text));
        Assert.Equal((HttpStatusCode.NotFound, $"Listener ID {made.Id} not found."), (again.Status, again.Detail));
        (await api.PostAsync("/v2/listeners", Body("prod"))).Expect(HttpStatusCode.Created);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    public async Task What_is_no_uuid_is_a_fault_of_the_path(string method)
    {
        var api = await fixture.NewAsync();

        var refused = await api.SendAsync(new HttpMethod(method), "/v2/listeners/prod", method == "PATCH" ? "{}" : null);

        Assert.Equal(["uuid_parsing path.listener_id"], refused.Expect(HttpStatusCode.UnprocessableEntity).Faults);
    }

    [Fact]
    public async Task Listener_inside_the_server_is_nobodys_to_see_or_change()
    {
        var api = await fixture.NewAsync();
        var path = $"/v2/listeners/{EmbeddedListener.Id}";
        Reply[] replies =
        [
            await api.GetAsync(path),
            await api.SendAsync(HttpMethod.Patch, path, """{"version":"mine"}"""),
            await api.DeleteAsync(path),
        ];

        Assert.All(replies, reply => Assert.Equal((HttpStatusCode.NotFound, $"Listener ID {EmbeddedListener.Id} not found."), (reply.Status, reply.Detail)));
        Assert.Empty(await PageAsync(api, "?limit=100"));
        var row = await api.Host.WithDbAsync(db => db.Listeners.AsNoTracking().SingleAsync(row => row.Id == EmbeddedListener.Id, ControlHost.Cancel));
        Assert.Null(row.Version);
    }

    [Theory]
    [InlineData("GET", "/v2/listeners", "vea", "200")]
    [InlineData("POST", "/v2/listeners", "a", "201")]
    [InlineData("GET", "/v2/listeners/{l}", "vea", "200")]
    [InlineData("PATCH", "/v2/listeners/{l}", "a", "200")]
    [InlineData("DELETE", "/v2/listeners/{l}", "a", "204")]
    public async Task Each_role_does_what_it_may_and_nobody_comes_in_without_a_key(string method, string path, string who, string success)
    {
        var admin = await fixture.NewAsync();
        foreach (var role in new[] { Roles.Viewer, Roles.Editor, Roles.Admin })
        {
            var made = (await admin.PostAsync("/v2/listeners", Body($"of-{role}"))).Id;
            var api = await admin.AsAsync(role);
            var body = method switch { "POST" => Body($"by-{role}"), "PATCH" => "{}", _ => null };
            var reply = await api.SendAsync(new HttpMethod(method), path.Replace("{l}", made, StringComparison.Ordinal), body);
            Assert.Equal(who.Contains(role[0], StringComparison.Ordinal) ? success : "403", ((int)reply.Status).ToString());
        }

        using var nobody = admin.Host.Client(key: null);
        using var request = new HttpRequestMessage(new HttpMethod(method), path.Replace("{l}", Guid.NewGuid().ToString(), StringComparison.Ordinal));
        using var refused = await nobody.SendAsync(request, ControlHost.Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    internal static string Body(string computeId, params string[] namespaces) => JsonSerializer.Serialize(new
    {
        compute_type = "k8s",
        compute_id = computeId,
        compute_config = new { k8s_namespaces = namespaces.Length == 0 ? ["default"] : namespaces },
    });

    private static async Task<List<JsonElement>> PageAsync(Api api, string query) =>
        [.. (await api.GetAsync($"/v2/listeners{query}")).Expect(HttpStatusCode.OK).Body.GetProperty("resources").EnumerateArray()];

    private static IEnumerable<string> Ids(Reply page) =>
        page.Expect(HttpStatusCode.OK).Body.GetProperty("resources").EnumerateArray().Select(one => one.GetProperty("id").GetString()!);

    private static IEnumerable<string> Namespaces(JsonElement listener) =>
        listener.GetProperty("compute_config").GetProperty("k8s_namespaces").EnumerateArray().Select(name => name.GetString()!);
}
