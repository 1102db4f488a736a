using System.Net;
using Pilothouse.Control.Access;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Control.Tests.Integrations;
using Xunit;

namespace Pilothouse.Control.Tests.Errors;

/// <summary>
/// The texts of behaviour reference 1.2 that clients match on, one test each. Two of its rows cannot happen here: no plan turns deployments or
/// listeners off, so nothing is "not enabled" and nobody is told who may create listeners.
/// </summary>
public sealed class ErrorTextTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static readonly Guid s_unknown = Guid.Parse("0193aaaa-0000-7000-8000-000000000000");

    [Fact]
    public async Task Repo_ref_is_required_for_github() => await GitHubAsync(
        """{"langgraph_config_path":"langgraph.json"}""",
        "Source configuration error: 'source_revision_config.repo_ref' is required for 'github' source");

    [Fact]
    public async Task Config_path_is_required_for_github() => await GitHubAsync(
        """{"repo_ref":"main"}""",
        "Source configuration error: 'source_revision_config.langgraph_config_path' is required for 'github' source");

    [Fact]
    public async Task Integration_is_required_for_github()
    {
        var api = await fixture.NewAsync();

        var reply = await CreateGitHubAsync(
            api, """{"repo_url":"https://github.com/acme/agents"}""", """{"repo_ref":"main","langgraph_config_path":"langgraph.json"}""");

        Assert.Equal((HttpStatusCode.BadRequest, "integration_id is required for github source"), (reply.Status, reply.Detail));
    }

    [Fact]
    public async Task No_permission_on_the_repository()
    {
        var api = await fixture.NewAsync();
        var integration = await api.ConnectAsync("github", 1, "acme/agents");

        var reply = await CreateGitHubAsync(
            api,
            $$"""{"integration_id":"{{integration}}","repo_url":"https://github.com/acme/secret"}""",
            """{"repo_ref":"main","langgraph_config_path":"langgraph.json"}""");

        Assert.Equal((HttpStatusCode.BadRequest, "LangSmith Deployment does not have permission on your repo"), (reply.Status, reply.Detail));
    }

    [Fact]
    public async Task Listener_is_required_where_the_workspace_has_one()
    {
        var api = await fixture.NewAsync();
        (await AddListenerAsync(api)).Expect(HttpStatusCode.Created);

        var reply = await api.PostAsync("/v2/deployments", Bodies.External("app"));

        Assert.Contains("listener_id' is required", reply.Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Push_tokens_are_for_internal_images_only()
    {
        var api = await fixture.NewAsync();
        var id = (await api.CreateExternalAsync()).Id;

        var reply = await api.PostAsync($"/v2/deployments/{id}/push-token");

        Assert.Contains("only available for 'internal_docker' source deployments", reply.Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reserved_secret_names_the_name()
    {
        var api = await fixture.NewAsync();

        var reply = await api.PostAsync("/v2/deployments", Bodies.Internal("app", secrets: """[{"name":"LANGCHAIN_ENDPOINT","value":"x"}]"""));

        Assert.Equal((HttpStatusCode.BadRequest, "'LANGCHAIN_ENDPOINT' is reserved"), (reply.Status, reply.Detail));
    }

    [Fact]
    public async Task Force_without_a_first_deletion_is_refused()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();

        var reply = await api.DeleteAsync($"/v2/deployments/{id}?force=true");

        Assert.Contains("was not deleted before", reply.Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invalid_key_is_401_with_a_detail()
    {
        using var client = fixture.Host.Client("lsv2_pt_wrong");

        using var response = await client.GetAsync("/v2/deployments", ControlHost.Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.StartsWith("{\"detail\":\"", await response.Content.ReadAsStringAsync(ControlHost.Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Organization_key_requires_workspace_specification()
    {
        using var client = fixture.Host.Client(await fixture.Host.AddKeyAsync(workspace: null, Roles.Admin));

        using var response = await client.GetAsync("/v2/deployments", ControlHost.Cancel);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Contains("requires workspace specification", await response.Content.ReadAsStringAsync(ControlHost.Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/v2/deployments/{id}")]
    [InlineData("DELETE", "/v2/deployments/{id}")]
    [InlineData("GET", "/v2/deployments/{id}/revisions")]
    [InlineData("GET", "/v2/deployments/{id}/revisions/{id}")]
    [InlineData("POST", "/v2/deployments/{id}/revisions/{id}/redeploy")]
    [InlineData("GET", "/v2/deployments/{id}/revisions/{id}/logs?type=build")]
    public async Task Deployment_is_not_found(string method, string path)
    {
        var api = await fixture.NewAsync();

        var reply = await api.SendAsync(new HttpMethod(method), path.Replace("{id}", $"{s_unknown}", StringComparison.Ordinal));

        Assert.Equal((HttpStatusCode.NotFound, $"Deployment ID {s_unknown} not found."), (reply.Status, reply.Detail));
    }

    [Fact]
    public async Task Listener_is_not_found()
    {
        var api = await fixture.NewAsync();

        var reply = await api.GetAsync($"/v2/listeners/{s_unknown}");

        Assert.Equal((HttpStatusCode.NotFound, $"Listener ID {s_unknown} not found."), (reply.Status, reply.Detail));
    }

    [Fact]
    public async Task Listener_of_a_compute_exists_already()
    {
        var api = await fixture.NewAsync();
        (await AddListenerAsync(api)).Expect(HttpStatusCode.Created);

        var reply = await AddListenerAsync(api);

        Assert.Equal(
            (HttpStatusCode.Conflict, $"Listener for LangSmith workspace ID '{api.Workspace}' and compute ID 'cluster' already exists."),
            (reply.Status, reply.Detail));
    }

    [Fact]
    public async Task Agent_has_a_deployment_in_the_environment_already()
    {
        const string Body =
            """{"agent":{"agent_id":"support","environment":"staging"},"source":"internal_source","source_config":{},"source_revision_config":{},"secrets":[]}""";
        var api = await fixture.NewAsync();
        (await api.PostAsync("/v2/deployments", Body)).Expect(HttpStatusCode.Created);

        var reply = await api.PostAsync("/v2/deployments", Body);

        Assert.Contains("support", reply.Expect(HttpStatusCode.Conflict).Detail, StringComparison.Ordinal);
        Assert.Contains("'staging'", reply.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_fields_are_a_list()
    {
        var api = await fixture.NewAsync();

        var reply = await api.PostAsync("/v2/deployments", """{"name":"a","source":"github","source_config":{}}""");

        Assert.Equal(["missing body.source_revision_config", "missing body.secrets"], reply.Expect(HttpStatusCode.UnprocessableEntity).Faults);
        Assert.All(reply.Body.GetProperty("detail").EnumerateArray(), fault => Assert.Equal("Field required", fault.GetProperty("msg").GetString()));
    }

    [Fact]
    public async Task Malformed_id_of_a_listener_is_422()
    {
        var api = await fixture.NewAsync();

        var reply = await api.GetAsync("/v2/listeners/nonsense");

        Assert.Equal(["uuid_parsing path.listener_id"], reply.Expect(HttpStatusCode.UnprocessableEntity).Faults);
    }

    [Fact]
    public async Task Text_that_clients_match_stays_findable_among_others()
    {
        var api = await fixture.NewAsync();

        var reply = await CreateGitHubAsync(api, """{"resource_spec":{}}""", """{"image_uri":"a/b"}""");

        string[] expected =
        [
            "integration_id is required for github source",
            "Source configuration error: 'source_revision_config.repo_ref' is required for 'github' source",
            "Source configuration error: 'source_revision_config.langgraph_config_path' is required for 'github' source",
        ];
        Assert.All(expected, text => Assert.Contains(text, reply.Expect(HttpStatusCode.BadRequest).Detail.Split("; ")));
    }

    private async Task GitHubAsync(string revision, string text)
    {
        var api = await fixture.NewAsync();
        var integration = await api.ConnectAsync("github", 1, "acme/agents");

        var reply = await CreateGitHubAsync(
            api, $$"""{"integration_id":"{{integration}}","repo_url":"https://github.com/acme/agents"}""", revision);

        Assert.Equal((HttpStatusCode.BadRequest, text), (reply.Status, reply.Detail));
    }

    private static Task<Reply> CreateGitHubAsync(Api api, string config, string revision) => api.PostAsync(
        "/v2/deployments", $$"""{"name":"a","source":"github","source_config":{{config}},"source_revision_config":{{revision}},"secrets":[]}""");

    private static Task<Reply> AddListenerAsync(Api api) => api.PostAsync(
        "/v2/listeners", """{"compute_type":"k8s","compute_id":"cluster","compute_config":{"k8s_namespaces":["agents"]}}""");
}
