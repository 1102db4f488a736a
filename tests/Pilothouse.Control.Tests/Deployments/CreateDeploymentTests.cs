using System.Net;
using System.Text.Json;
using Pilothouse.Core.Revisions;
using Xunit;

namespace Pilothouse.Control.Tests.Deployments;

public sealed class CreateDeploymentTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task Answer_has_every_field_of_the_contract()
    {
        var api = await fixture.NewAsync();

        var made = await api.PostAsync("/v2/deployments", Bodies.Internal("app"));

        made.Expect(HttpStatusCode.Created);
        Assert.Equal(
            [
                "active_revision_id", "created_at", "id", "image_version", "is_preview", "latest_revision_id", "name", "secret_references", "secrets",
                "source", "source_config", "source_revision_config", "status", "tenant_id", "updated_at",
            ],
            Names(made.Body));
        Assert.Equal(
            [
                "build_command", "build_on_push", "custom_url", "deployment_type", "install_command", "integration_id", "listener_config",
                "listener_id", "repo_url", "resource_spec",
            ],
            Names(made.Body.GetProperty("source_config")));
        Assert.Equal(
            ["image_uri", "langgraph_config_path", "repo_commit_sha", "repo_ref", "source_tarball_path"],
            Names(made.Body.GetProperty("source_revision_config")));
        Assert.Equal(api.Workspace.ToString(), made.Text_("tenant_id"));
        Assert.Equal("READY", made.Text_("status"));
        Assert.Null(made.Text_("latest_revision_id"));
        Assert.Equal(made.Text_("created_at"), made.Text_("updated_at"));
        Assert.False(made.Body.GetProperty("is_preview").GetBoolean());
        Assert.Equal(made.Text, (await api.GetAsync($"/v2/deployments/{made.Id}")).Text);
    }

    [Theory]
    [InlineData("internal_source")]
    [InlineData("internal_docker")]
    public async Task Internal_sources_begin_without_a_revision(string source)
    {
        var api = await fixture.NewAsync();

        var id = await api.CreateAsync("app", source);

        Assert.Empty(await api.RevisionsAsync(id));
    }

    [Fact]
    public async Task External_image_begins_with_revision_one_in_the_queue()
    {
        var api = await fixture.NewAsync();

        var made = await api.CreateExternalAsync("app", secrets: """[{"name":"A","value":"1"}]""");

        var revision = Assert.Single(await api.RevisionsAsync(made.Id));
        Assert.Equal(made.Text_("latest_revision_id"), revision.GetProperty("id").GetString());
        Assert.Equal("QUEUED", revision.GetProperty("status").GetString());
        Assert.Equal(Bodies.Image, revision.GetProperty("source_revision_config").GetProperty("image_uri").GetString());
        var row = await api.RevisionRowAsync(made.Text_("latest_revision_id")!);
        Assert.Equal((1, RevisionStatus.Queued, "external_docker"), (row.Number, row.Status, row.Source));
        Assert.Equal("1", (await api.SecretsOfAsync(row.SecretValues))["A"]);
        Assert.Equal(2, (await api.RowAsync(made.Id)).NextRevisionNumber);
    }

    [Theory]
    [InlineData("{}", "missing body.name", "missing body.secrets", "missing body.source", "missing body.source_config", "missing body.source_revision_config")]
    [InlineData("""{"name":null,"source":"internal_template","source_config":[],"source_revision_config":{"repo_ref":1},"secrets":[{"name":1},2]}""",
        "enum body.source", "missing body.secrets.0.value", "model_attributes_type body.secrets.1", "model_attributes_type body.source_config",
        "string_type body.name", "string_type body.secrets.0.name", "string_type body.source_revision_config.repo_ref")]
    [InlineData("""{"agent":{"environment":"local"},"source":"github","source_config":{"integration_id":"x","build_on_push":"maybe","deployment_type":"huge"},"source_revision_config":{},"secrets":[]}""",
        "bool_parsing body.source_config.build_on_push", "enum body.agent.environment", "enum body.source_config.deployment_type",
        "missing body.agent.agent_id", "uuid_parsing body.source_config.integration_id")]
    public async Task Faults_of_shape_come_all_at_once(string body, params string[] faults)
    {
        var api = await fixture.NewAsync();

        var reply = await api.PostAsync("/v2/deployments", body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.Equal(faults, reply.Faults.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("not json", "json_invalid")]
    [InlineData("", "missing")]
    [InlineData("[]", "model_attributes_type")]
    [InlineData("null", "missing")]
    public async Task What_is_no_object_is_422(string body, string type)
    {
        var api = await fixture.NewAsync();

        var reply = await api.PostAsync("/v2/deployments", body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.StartsWith($"{type} body", Assert.Single(reply.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_secrets_are_the_fault_that_clients_have_seen()
    {
        var api = await fixture.NewAsync();

        var reply = await api.PostAsync("/v2/deployments", """{"name":"a","source":"internal_source","source_config":{}}""");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.Equal(["missing body.source_revision_config", "missing body.secrets"], reply.Faults);
        Assert.All(reply.Body.GetProperty("detail").EnumerateArray(), fault => Assert.Equal("Field required", fault.GetProperty("msg").GetString()));
    }

    public static TheoryData<string, string> GitHub() => new()
    {
        { "{}|{\"repo_ref\":\"main\",\"langgraph_config_path\":\"langgraph.json\"}", "integration_id is required for github source" },
        { "{I}|{\"langgraph_config_path\":\"langgraph.json\"}", "Source configuration error: 'source_revision_config.repo_ref' is required for 'github' source" },
        { "{I}|{\"repo_ref\":\"main\"}", "Source configuration error: 'source_revision_config.langgraph_config_path' is required for 'github' source" },
        { "{I}|{\"repo_ref\":\"main\",\"langgraph_config_path\":\"langgraph.json\"}", "LangSmith Deployment does not have permission on your repo" },
        { "{P}|{\"repo_ref\":\"refs/tags/v1\",\"langgraph_config_path\":\"langgraph.json\"}", "Source configuration error: 'source_config.build_on_push' must be false when 'source_revision_config.repo_ref' is a tag" },
    };

    [Theory]
    [MemberData(nameof(GitHub))]
    public async Task GitHub_refuses_in_the_texts_that_clients_match(string configs, string text)
    {
        var api = await fixture.NewAsync();
        var parts = configs
            .Replace("{I}", $$"""{"integration_id":"{{Guid.NewGuid()}}","repo_url":"https://github.com/o/r"}""", StringComparison.Ordinal)
            .Replace("{P}", $$"""{"integration_id":"{{Guid.NewGuid()}}","repo_url":"https://github.com/o/r","build_on_push":true}""", StringComparison.Ordinal)
            .Replace("{}|", "{\"repo_url\":\"https://github.com/o/r\"}|", StringComparison.Ordinal)
            .Split('|');

        var reply = await api.PostAsync(
            "/v2/deployments", $$"""{"name":"a","source":"github","source_config":{{parts[0]}},"source_revision_config":{{parts[1]}},"secrets":[]}""");

        Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
        Assert.Contains(text, reply.Detail.Split("; "));
    }

    [Theory]
    [InlineData("external_docker", "{}", "{}", "Source configuration error: 'source_revision_config.image_uri' is required for 'external_docker' source")]
    [InlineData("external_docker", """{"deployment_type":"dev"}""", "I", "Source configuration error: 'source_config.deployment_type' must be null for 'external_docker' source")]
    [InlineData("external_docker", """{"repo_url":"https://github.com/o/r"}""", "I", "Source configuration error: 'source_config.repo_url' must be null for 'external_docker' source")]
    [InlineData("external_docker", """{"build_on_push":true}""", "I", "Source configuration error: 'source_config.build_on_push' must be null for 'external_docker' source")]
    [InlineData("external_docker", """{"install_command":"npm ci"}""", "I", "Source configuration error: 'source_config.install_command' must be null for 'external_docker' source")]
    [InlineData("external_docker", "{}", """{"image_uri":"a/b","langgraph_config_path":"langgraph.json"}""", "Source configuration error: 'source_revision_config.langgraph_config_path' must be null for 'external_docker' source")]
    [InlineData("external_docker", """{"custom_url":"ftp://x"}""", "I", "source_config.custom_url must be an absolute http or https URL without user name, password, query and fragment.")]
    [InlineData("external_docker", """{"listener_config":{"k8s_namespace":"n"}}""", "I", "source_config.listener_config.k8s_namespace needs source_config.listener_id.")]
    [InlineData("external_docker", """{"listener_id":"0193aaaa-0000-7000-8000-000000000000"}""", "I", "Listener ID 0193aaaa-0000-7000-8000-000000000000 not found.")]
    [InlineData("internal_source", """{"resource_spec":{}}""", "{}", "Source configuration error: 'source_config.resource_spec' must be null for 'internal_source' source")]
    [InlineData("internal_source", """{"custom_url":"https://a.corp"}""", "{}", "Source configuration error: 'source_config.custom_url' must be null for 'internal_source' source")]
    [InlineData("internal_source", "{}", """{"image_uri":"a/b"}""", "Source configuration error: 'source_revision_config.image_uri' must be null for 'internal_source' source")]
    [InlineData("internal_source", "{}", """{"repo_ref":"main"}""", "Source configuration error: 'source_revision_config.repo_ref' must be null for 'internal_source' source")]
    [InlineData("internal_source", "{}", """{"source_tarball_path":"uploads/x"}""", "source_revision_config.source_tarball_path must be an object_path that POST /v2/deployments/{deployment_id}/upload-url answered for this deployment.")]
    [InlineData("internal_docker", "{}", """{"langgraph_config_path":"langgraph.json"}""", "Source configuration error: 'source_revision_config.langgraph_config_path' must be null for 'internal_docker' source")]
    [InlineData("internal_docker", """{"listener_id":"0193aaaa-0000-7000-8000-000000000000"}""", "{}", "Source configuration error: 'source_config.listener_id' must be null for 'internal_docker' source; Listener ID 0193aaaa-0000-7000-8000-000000000000 not found.")]
    [InlineData("internal_source", """{"install_command":"npm ci; reboot"}""", "{}", "install_command contains disallowed characters or patterns.")]
    [InlineData("internal_source", """{"build_command":"sleep 9 & x"}""", "{}", "build_command contains disallowed characters or patterns.")]
    [InlineData("internal_source", "{}", """{"langgraph_config_path":"../langgraph.json"}""", "source_revision_config.langgraph_config_path must be a relative path inside the source, e.g. 'app/langgraph.json', without empty parts, '.' and '..'.")]
    public async Task Fields_go_with_their_source(string source, string config, string revision, string text)
    {
        var api = await fixture.NewAsync();
        if (revision == "I") revision = $$"""{"image_uri":"{{Bodies.Image}}"}""";

        var reply = await api.PostAsync(
            "/v2/deployments", $$"""{"name":"a","source":"{{source}}","source_config":{{config}},"source_revision_config":{{revision}},"secrets":[]}""");

        Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
        Assert.Equal(text, reply.Detail);
        Assert.Empty((await api.GetAsync("/v2/deployments")).Body.GetProperty("resources").EnumerateArray());
    }

    [Fact]
    public async Task Nulls_that_scripts_send_routinely_are_taken()
    {
        var api = await fixture.NewAsync();

        var reply = await api.PostAsync(
            "/v2/deployments",
            $$$"""
            {"name":"ci","source":"external_docker","secret_references":null,"unknown":{"a":1},
             "source_config":{"integration_id":null,"repo_url":null,"deployment_type":null,"build_on_push":false,"custom_url":null,"resource_spec":null,
                              "listener_id":null,"listener_config":{"k8s_namespace":null},"install_command":null,"build_command":null},
             "source_revision_config":{"repo_ref":null,"langgraph_config_path":null,"image_uri":"{{{Bodies.Image}}}","source_tarball_path":null},"secrets":[]}
            """);

        reply.Expect(HttpStatusCode.Created);
    }

    [Theory]
    [InlineData("my_app")]
    [InlineData("1app")]
    [InlineData("-app")]
    [InlineData("app.one")]
    [InlineData("äpp")]
    [InlineData("")]
    [InlineData("app\\n")]
    [InlineData("$(reboot)")]
    [InlineData("a123456789012345678901234567890")]
    public async Task Names_that_make_no_host_name_are_refused(string name)
    {
        var api = await fixture.NewAsync();

        var reply = await api.PostAsync("/v2/deployments", Bodies.Internal(name));

        Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
        Assert.Equal("name must start with a letter, have only letters, digits and dashes, and at most 30 characters.", reply.Detail);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("Agent-2")]
    [InlineData("a12345678901234567890123456789")]
    public async Task Names_of_letters_digits_and_dashes_are_kept_as_they_are(string name)
    {
        var api = await fixture.NewAsync();

        var reply = await api.PostAsync("/v2/deployments", Bodies.Internal(name));

        Assert.Equal(name, reply.Expect(HttpStatusCode.Created).Text_("name"));
    }

    [Fact]
    public async Task Name_is_taken_within_a_workspace_only()
    {
        var api = await fixture.NewAsync();
        await api.CreateAsync("app");

        var second = await api.PostAsync("/v2/deployments", Bodies.External("app"));
        await (await fixture.NewAsync()).CreateAsync("app");

        Assert.Equal(HttpStatusCode.Conflict, second.Status);
        Assert.Equal("A deployment named 'app' exists in this workspace.", second.Detail);
    }

    [Fact]
    public async Task Name_stays_taken_until_the_deletion_is_done()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync("app");
        (await api.DeleteAsync($"/v2/deployments/{id}")).Expect(HttpStatusCode.NoContent);

        var early = await api.PostAsync("/v2/deployments", Bodies.Internal("app"));
        (await api.DeleteAsync($"/v2/deployments/{id}?force=true")).Expect(HttpStatusCode.NoContent);
        var late = await api.PostAsync("/v2/deployments", Bodies.Internal("app"));

        Assert.Equal(HttpStatusCode.Conflict, early.Status);
        Assert.Equal($"A deployment named 'app' is being deleted (deployment ID {id}); the name is free once that is done.", early.Detail);
        late.Expect(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Several_faults_of_meaning_come_in_one_answer()
    {
        var api = await fixture.NewAsync();

        var reply = await api.PostAsync(
            "/v2/deployments", Bodies.Internal("my_app", secrets: """[{"name":"PORT","value":"1"},{"name":"a b","value":""}]"""));

        Assert.Equal(
            "name must start with a letter, have only letters, digits and dashes, and at most 30 characters.; 'PORT' is reserved; "
            + "secrets[1].name is not the name of an environment variable: letters, digits and '_', not first a digit, at most 128 characters.",
            reply.Detail);
    }

    [Fact]
    public async Task Image_references_follow_the_grammar_of_registries()
    {
        var api = await fixture.NewAsync();

        var reply = await api.PostAsync("/v2/deployments", Bodies.External("app", image: "https://registry.corp/Agent"));

        Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
        Assert.StartsWith("source_revision_config.image_uri is not an image reference", reply.Detail, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal);
}
