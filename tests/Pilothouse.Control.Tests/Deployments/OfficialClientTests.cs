using System.Net;
using System.Text.Json;
using Pilothouse.Control.Access;
using Xunit;

namespace Pilothouse.Control.Tests.Deployments;

/// <summary>What a control plane must do so that the official client works unchanged: lines of A8 of the client reference, by number.</summary>
public sealed class OfficialClientTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task A8_02_takes_the_key_with_and_without_a_tenant()
    {
        var api = await fixture.NewAsync();
        var key = await api.Host.AddKeyAsync(api.Workspace.Value);

        foreach (var prefix in new[] { "", "/api-host" })
        {
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(api.Host, $"{prefix}/v2/deployments", key, tenant: null)).Status);
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(api.Host, $"{prefix}/v2/deployments", key, api.Workspace.ToString())).Status);
        }
    }

    [Fact]
    public async Task A8_03_refuses_with_a_text_in_detail()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();

        Reply[] refusals =
        [
            await GetAsync(api.Host, "/v2/deployments", "lsv2_sk_wrong", tenant: null),
            await (await api.AsAsync(Roles.Viewer)).PatchAsync(id, "{}"),
            await api.GetAsync($"/v2/deployments/{Guid.NewGuid()}"),
            await api.PostAsync("/v2/deployments", Bodies.Internal("app")),
            await api.PatchAsync(id, Bodies.Push("nowhere")),
            await api.SendAsync(HttpMethod.Put, "/v2/deployments"),
            await api.GetAsync("/v2/nothing"),
        ];

        Assert.Equal([401, 403, 404, 409, 400, 405, 404], refusals.Select(refusal => (int)refusal.Status));
        Assert.All(refusals, refusal => Assert.NotEmpty(refusal.Detail));
    }

    [Fact]
    public async Task A8_04_asks_for_the_workspace_on_lookups_already()
    {
        var api = await fixture.NewAsync();
        var key = await api.Host.AddKeyAsync(workspace: null);

        foreach (var path in new[] { "/v2/deployments?name=app&name_contains=app&limit=100&offset=0", $"/v2/deployments/{Guid.NewGuid()}", $"/v2/deployments/{Guid.NewGuid()}/revisions?limit=1", "/v2/listeners?limit=100&offset=0" })
        {
            var refused = await GetAsync(api.Host, path, key, tenant: null);
            Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
            Assert.Contains("requires workspace specification", refused.Detail, StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(api.Host, "/v2/deployments", key, api.Workspace.ToString())).Status);
    }

    [Fact]
    public async Task A8_05_honours_limit_and_offset()
    {
        var api = await fixture.NewAsync();
        for (var at = 0; at < 103; at++) await api.CreateAsync($"app-{at}");

        // The client adds up the items itself and stops at a page that is not full.
        var seen = new List<string>();
        int items;
        do
        {
            var page = (await api.GetAsync($"/v2/deployments?name_contains=&limit=100&offset={seen.Count}")).Expect(HttpStatusCode.OK);
            items = page.Body.GetProperty("resources").GetArrayLength();
            seen.AddRange(page.Body.GetProperty("resources").EnumerateArray().Select(one => one.GetProperty("id").GetString()!));
        }
        while (items == 100);

        Assert.Equal(103, seen.Distinct().Count());
    }

    [Fact]
    public async Task A8_06_filters_by_name_and_by_agent_without_previews()
    {
        var api = await fixture.NewAsync();
        await api.CreateAsync("app");
        await api.CreateAsync("app-two");
        var agent = await api.PostAsync("/v2/deployments", AgentBody("a1", "staging"));

        Assert.Equal(["app"], await NamesAsync("name=app&name_contains=app&limit=100&offset=0"));
        Assert.Equal(3, (await NamesAsync("name_contains=&limit=100&offset=0")).Count);
        Assert.Equal([agent.Text_("name")!], await NamesAsync("agent_id=a1&agent_environment=staging&limit=100&offset=0"));
        Assert.Empty(await NamesAsync("agent_id=a1&agent_environment=production&limit=100&offset=0"));
        Assert.False(agent.Body.GetProperty("is_preview").GetBoolean());

        async Task<List<string>> NamesAsync(string query) =>
            [.. (await api.GetAsync($"/v2/deployments?{query}")).Body.GetProperty("resources").EnumerateArray().Select(one => one.GetProperty("name").GetString()!)];
    }

    [Theory]
    [InlineData("dev_zero")]
    [InlineData("prod")]
    [InlineData("dev")]
    [InlineData("dev_free")]
    [InlineData("serverless")]
    [InlineData("dedicated")]
    public async Task A8_07_takes_the_types_that_clients_send(string type)
    {
        var api = await fixture.NewAsync();

        var made = await api.PostAsync("/v2/deployments", Bodies.Internal("app", type: type));
        var pushed = await api.PushAsync(made.Expect(HttpStatusCode.Created).Id);

        Assert.Equal(type, made.Text_("source_config", "deployment_type"));
        Assert.Equal(type, (await api.RevisionRowAsync(pushed.Text_("latest_revision_id")!)).DeploymentType);
        Assert.Single((await api.GetAsync($"/v2/deployments?deployment_type={type}")).Body.GetProperty("resources").EnumerateArray());
    }

    [Theory]
    [InlineData("internal_source")]
    [InlineData("internal_docker")]
    public async Task A8_08_creates_internal_sources_empty(string source)
    {
        var api = await fixture.NewAsync();

        var made = await api.PostAsync("/api-host/v2/deployments", Bodies.Internal("my-app", source));

        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.True(Guid.TryParse(made.Text_("id"), out _));
        Assert.Equal((api.Workspace.ToString(), "my-app"), (made.Text_("tenant_id"), made.Text_("name")));
    }

    [Fact]
    public async Task A8_09_takes_an_agent_instead_of_a_name_once()
    {
        var api = await fixture.NewAsync();

        var first = await api.PostAsync("/v2/deployments", AgentBody("support", "production"));
        var second = await api.PostAsync("/v2/deployments", AgentBody("support", "production"));
        var elsewhere = await api.PostAsync("/v2/deployments", AgentBody("support", "staging"));
        var both = await api.PostAsync("/v2/deployments", string.Concat("""{"name":"x",""", AgentBody("other", "staging").AsSpan(1)));

        Assert.Equal("support-production", first.Expect(HttpStatusCode.Created).Text_("name"));
        Assert.Equal(
            (HttpStatusCode.Conflict, "Agent ID support has a deployment in the environment 'production' already."), (second.Status, second.Detail));
        Assert.Equal("support-staging", elsewhere.Expect(HttpStatusCode.Created).Text_("name"));
        Assert.Equal(HttpStatusCode.BadRequest, both.Status);
    }

    [Fact]
    public async Task A8_09_finds_another_name_where_the_agents_is_taken()
    {
        var api = await fixture.NewAsync();
        await api.CreateAsync("support-production");

        var made = await api.PostAsync("/v2/deployments", AgentBody("support", "production"));

        Assert.Matches("^support-[0-9a-f]{8}-production$", made.Expect(HttpStatusCode.Created).Text_("name"));
    }

    [Theory]
    [InlineData("""{"resource_spec":{}}""")]
    [InlineData("""{"resource_spec":{"image_pull_secrets":[{"name":"pull"}]}}""")]
    public async Task A8_10_external_image_without_listener_has_its_first_revision_at_once(string config)
    {
        var api = await fixture.NewAsync();

        var made = await api.CreateExternalAsync("ext", config, image: $"r.corp/agent@sha256:{new string('0', 64)}");

        var latest = (await api.GetAsync($"/v2/deployments/{made.Id}/revisions?limit=1")).Body.GetProperty("resources");
        Assert.Equal(made.Text_("latest_revision_id"), latest[0].GetProperty("id").GetString());
        Assert.Equal(1, latest.GetArrayLength());
    }

    [Fact]
    public async Task A8_13_digest_that_a_registry_gave_is_kept_and_no_registry_is_announced_that_is_not_there()
    {
        var api = await fixture.NewAsync();
        var image = $"registry.corp:5000/team/agent@sha256:{new string('a', 64)}";
        var external = (await api.CreateExternalAsync("ext", image: image)).Id;
        var inside = await api.CreateAsync("inside", "internal_docker");

        var token = await api.PostAsync($"/v2/deployments/{inside}/push-token", """{"supports_registry_username":true}""");

        Assert.Equal(image, (await api.RevisionsAsync(external))[0].GetProperty("source_revision_config").GetProperty("image_uri").GetString());
        Assert.Equal(["detail"], token.Expect(HttpStatusCode.BadRequest).Body.EnumerateObject().Select(field => field.Name));
        Assert.Contains("no image registry", token.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A8_15_revision_is_there_and_first_before_the_patch_is_answered()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();

        for (var round = 0; round < 3; round++)
        {
            var patched = await api.PushAsync(id);
            var listed = (await api.GetAsync($"/v2/deployments/{id}/revisions?limit=1")).Body.GetProperty("resources")[0];
            Assert.Equal(patched.Text_("latest_revision_id"), listed.GetProperty("id").GetString());
            Assert.Equal("QUEUED", (await api.GetAsync($"/v2/deployments/{id}/revisions/{listed.GetProperty("id").GetString()}")).Text_("status"));
        }
    }

    [Fact]
    public async Task A8_16_patch_answers_the_tenant()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();

        Assert.Equal(api.Workspace.ToString(), (await api.PushAsync(id)).Text_("tenant_id"));
    }

    [Fact]
    public async Task A8_17_image_without_revision_source_works_on_external_images()
    {
        var api = await fixture.NewAsync();
        var id = (await api.CreateExternalAsync()).Id;

        var patched = await api.PatchAsync(id, """{"source_revision_config":{"image_uri":"r.corp/agent:2"},"secrets":[]}""");

        Assert.Equal("r.corp/agent:2", patched.Expect(HttpStatusCode.OK).Text_("source_revision_config", "image_uri"));
        Assert.Equal("external_docker", (await api.RevisionsAsync(id))[0].GetProperty("source").GetString());
    }

    [Fact]
    public async Task A8_18_empty_secrets_of_a_deploy_without_env_file_wipe_nothing()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();
        await api.PushAsync(id, """[{"name":"OPENAI_API_KEY","value":"sk"}]""");

        var patched = await api.PushAsync(id, "[]");
        var docker = await api.PatchAsync(
            id, """{"revision_source":"internal_docker","source_revision_config":{"image_uri":"r.corp/a:1"},"secrets":[]}""");
        var cleared = await api.PatchAsync(id, """{"secrets":[]}""");

        Assert.Equal("OPENAI_API_KEY", patched.Body.GetProperty("secrets")[0].GetProperty("name").GetString());
        Assert.Equal(1, docker.Expect(HttpStatusCode.OK).Body.GetProperty("secrets").GetArrayLength());
        Assert.Equal(0, cleared.Expect(HttpStatusCode.OK).Body.GetProperty("secrets").GetArrayLength());
        Assert.Equal(2, (await api.EventsAsync(id)).Count(one => one.Kind is "secrets_kept"));
    }

    [Theory]
    [InlineData("google-adk:>=1.0")]
    [InlineData("google-adk:>=1.0,<2")]
    [InlineData("google-adk:unknown")]
    [InlineData("google-adk:1.14.1")]
    public async Task A8_19_accepts_tracked_packages(string entry)
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();
        var body = Bodies.Push(await api.AddUploadAsync(id));

        (await api.PatchAsync(id, string.Concat(body.AsSpan()[..^1], $$""","tracked_packages":["{{entry}}"]}"""))).Expect(HttpStatusCode.OK);

        Assert.Contains(entry, JsonSerializer.Deserialize<string[]>((await api.RowAsync(id)).TrackedPackages!)!);
    }

    [Fact]
    public async Task A8_20_polled_routes_answer_while_others_write()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();
        var revision = (await api.PushAsync(id)).Text_("latest_revision_id");
        var writing = Task.WhenAll(Enumerable.Range(0, 15).Select(_ => api.PostAsync($"/v2/deployments/{id}/revisions")));

        var polled = new List<Reply>();
        do
        {
            polled.Add(await api.GetAsync($"/v2/deployments/{id}/revisions/{revision}"));
            polled.Add(await api.GetAsync($"/v2/deployments/{id}/revisions?limit=1"));
            polled.Add(await api.GetAsync($"/v2/deployments/{id}"));
        }
        while (!writing.IsCompleted);

        Assert.All(await writing, reply => reply.Expect(HttpStatusCode.Created));
        Assert.All(polled, reply => Assert.Equal(HttpStatusCode.OK, reply.Status));
    }

    [Fact]
    public async Task A8_24_address_is_in_get_and_list()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();

        var one = (await api.GetAsync($"/v2/deployments/{id}")).Text_("source_config", "custom_url");
        var listed = (await api.GetAsync("/v2/deployments?name_contains=&limit=100&offset=0")).Body.GetProperty("resources")[0];

        Assert.StartsWith($"{api.Host.Address}lgp/app-", one, StringComparison.Ordinal);
        Assert.Equal(one, listed.GetProperty("source_config").GetProperty("custom_url").GetString());
    }

    [Fact]
    public async Task A8_25_delete_answers_204()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();

        var deleted = await api.DeleteAsync($"/api-host/v2/deployments/{id}");

        Assert.Equal((HttpStatusCode.NoContent, ""), (deleted.Status, deleted.Text));
    }

    [Fact]
    public async Task A8_26_listeners_carry_what_the_client_reads_and_a_bad_id_is_told_as_one()
    {
        var api = await fixture.NewAsync();
        var made = await api.PostAsync("/v2/listeners", """{"compute_type":"k8s","compute_id":"prod","compute_config":{"k8s_namespaces":["agents"]}}""");

        var listed = (await api.GetAsync("/api-host/v2/listeners?limit=100&offset=0")).Expect(HttpStatusCode.OK).Body.GetProperty("resources")[0];

        Assert.Equal((made.Id, "prod"), (listed.GetProperty("id").GetString(), listed.GetProperty("compute_id").GetString()));
        Assert.Equal("agents", listed.GetProperty("compute_config").GetProperty("k8s_namespaces")[0].GetString());
        Assert.Equal(made.Text, (await api.GetAsync($"/api-host/v2/listeners/{made.Id}")).Expect(HttpStatusCode.OK).Text);
        (await api.GetAsync($"/v2/listeners/{Guid.NewGuid()}")).Expect(HttpStatusCode.NotFound);
        (await api.GetAsync("/v2/listeners/prod")).Expect(HttpStatusCode.UnprocessableEntity);
    }

    private static string AgentBody(string agent, string environment) =>
        $$$"""{"agent":{"agent_id":"{{{agent}}}","environment":"{{{environment}}}"},"source":"internal_source","source_config":{"deployment_type":"dev_zero"},"source_revision_config":{},"secrets":[]}""";

    private static async Task<Reply> GetAsync(ControlHost host, string path, string key, string? tenant)
    {
        using var client = host.Client(key);
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (tenant is not null) request.Headers.Add("X-Tenant-ID", tenant);
        using var response = await client.SendAsync(request, ControlHost.Cancel);
        return new Reply(response.StatusCode, await response.Content.ReadAsStringAsync(ControlHost.Cancel), response.Headers);
    }
}
