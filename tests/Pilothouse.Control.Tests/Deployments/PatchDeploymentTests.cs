using System.Net;
using Pilothouse.Contracts.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Deployments;

public sealed class PatchDeploymentTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Theory]
    [InlineData("deployment_type", """{"source_config":{"deployment_type":"prod"}}""")]
    [InlineData("integration_id", """{"source_config":{"integration_id":"0193aaaa-0000-7000-8000-000000000001"}}""")]
    [InlineData("repo_url", """{"source_config":{"repo_url":"https://github.com/o/r"}}""")]
    [InlineData("listener_id", """{"source_config":{"listener_id":"0193aaaa-0000-7000-8000-000000000001"}}""")]
    [InlineData("listener_config.k8s_namespace", """{"source_config":{"listener_config":{"k8s_namespace":"other"}}}""")]
    [InlineData("custom_url", """{"source_config":{"custom_url":"https://elsewhere.corp"}}""")]
    [InlineData("name", """{"name":"other"}""")]
    [InlineData("source", """{"source":"external_docker"}""")]
    public async Task Immutable_field_with_another_value_is_refused_and_nothing_of_the_request_happens(string field, string body)
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();
        var path = await api.AddUploadAsync(id);
        var beside = $$"""{"source_revision_config":{"source_tarball_path":"{{path}}","langgraph_config_path":"langgraph.json"},""";

        var reply = await api.PatchAsync(id, string.Concat(beside, body.AsSpan(1)));

        Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
        Assert.Equal($"{field} cannot be changed", reply.Detail);
        Assert.Empty(await api.RevisionsAsync(id));
    }

    [Fact]
    public async Task What_get_answers_may_be_sent_back_whole()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync(type: "prod", secrets: """[{"name":"A","value":"kept"}]""");
        var seen = await api.PushAsync(id);

        var reply = await api.PatchAsync(id, seen.Text);

        reply.Expect(HttpStatusCode.OK);
        var revision = await api.RevisionRowAsync(reply.Text_("latest_revision_id")!);
        Assert.Equal("kept", (await api.SecretsOfAsync(revision.SecretValues))["A"]);
        Assert.Equal(2, revision.Number);
    }

    [Fact]
    public async Task Repository_moves_only_where_the_platform_may_read()
    {
        var api = await fixture.NewAsync();
        var id = await PatchTriggerTests.RepositoryAsync(api);

        var moved = await api.PatchAsync(id, """{"source_config":{"repo_url":"https://github.com/o/other"}}""");
        var tag = await api.PatchAsync(id, """{"source_config":{"build_on_push":true},"source_revision_config":{"repo_ref":"refs/tags/v1"}}""");

        Assert.Equal((HttpStatusCode.BadRequest, "LangSmith Deployment does not have permission on your repo"), (moved.Status, moved.Detail));
        Assert.Equal(HttpStatusCode.BadRequest, tag.Status);
        Assert.Contains("'source_config.build_on_push' must be false", tag.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("internal_source", """{"revision_source":"github","source_revision_config":{"repo_ref":"main"}}""", "integration_id is required for github source")]
    [InlineData("internal_source", """{"source_revision_config":{"image_uri":"a/b"}}""", "Source configuration error: 'source_revision_config.image_uri' must be null for 'internal_source' source")]
    [InlineData("internal_source", """{"source_revision_config":{"langgraph_config_path":"langgraph.json"}}""", "Source configuration error: 'source_revision_config.source_tarball_path' is required for 'internal_source' source")]
    [InlineData("internal_source", """{"revision_source":"internal_docker","source_revision_config":{"image_uri":"A b"}}""", "source_revision_config.image_uri is not an image reference: [host[:port]/]path[:tag][@digest], lower-case path, no scheme.")]
    [InlineData("internal_source", """{"source_config":{"resource_spec":{}}}""", "Source configuration error: 'source_config.resource_spec' must be null for 'internal_source' source")]
    [InlineData("internal_source", """{"source_config":{"build_on_push":true}}""", "Source configuration error: 'source_config.build_on_push' must be null for 'internal_source' source")]
    [InlineData("internal_source", """{"secret_references":[{"name":"A","secret_name":"s","secret_key":"k"}]}""", "Source configuration error: 'secret_references' must be null for 'internal_source' source")]
    [InlineData("internal_source", """{"tracked_packages":["left-pad:1.0"]}""", "tracked_packages[0] must be '<package>:<version>' with one of these packages: google-adk.")]
    [InlineData("internal_source", """{"tracked_packages":["google-adk:1","google-adk"]}""", "tracked_packages[1] must be '<package>:<version>' with one of these packages: google-adk.")]
    [InlineData("internal_source", """{"source_config":{"install_command":"npm ci | tee"}}""", "install_command contains disallowed characters or patterns.")]
    [InlineData("internal_docker", """{"source_revision_config":{"langgraph_config_path":"langgraph.json"}}""", "Source configuration error: 'source_revision_config.langgraph_config_path' must be null for 'internal_docker' source")]
    [InlineData("external_docker", """{"revision_source":"internal_source"}""", "revision_source 'internal_source' does not go with an 'external_docker' deployment; leave it out.")]
    [InlineData("external_docker", """{"source_revision_config":{"source_tarball_path":"uploads/x"}}""", "source_revision_config.source_tarball_path must be an object_path that POST /v2/deployments/{deployment_id}/upload-url answered for this deployment.; Source configuration error: 'source_revision_config.source_tarball_path' must be null for 'external_docker' source")]
    [InlineData("external_docker", """{"source_config":{"resource_spec":{"db_storage_gi":0},"custom_url":"ftp://x"},"source_revision_config":{"repo_ref":"main"}}""", "source_config.custom_url must be an absolute http or https URL without user name, password, query and fragment.; source_config.resource_spec.db_storage_gi must be above 0.; Source configuration error: 'source_revision_config.repo_ref' must be null for 'external_docker' source")]
    [InlineData("external_docker", """{"source_config":{"custom_url":"https://u:p@agent.corp"}}""", "source_config.custom_url must be an absolute http or https URL without user name, password, query and fragment.")]
    public async Task Refusals_say_what_to_do(string source, string body, string text)
    {
        var api = await fixture.NewAsync();
        var id = source == "external_docker" ? (await api.CreateExternalAsync()).Id : await api.CreateAsync("app", source);
        var revisions = (await api.RevisionsAsync(id)).Count;

        var reply = await api.PatchAsync(id, body);

        Assert.Equal((HttpStatusCode.BadRequest, text), (reply.Status, reply.Detail));
        Assert.Equal(revisions, (await api.RevisionsAsync(id)).Count);
    }

    [Theory]
    [InlineData("[]", "model_attributes_type body")]
    [InlineData("", "missing body")]
    [InlineData("""{"revision_source":"external_docker"}""", "enum body.revision_source")]
    [InlineData("""{"secrets":{}}""", "list_type body.secrets")]
    [InlineData("""{"secrets":[{"name":"A","value":null}]}""", "string_type body.secrets.0.value")]
    [InlineData("""{"tracked_packages":[1]}""", "string_type body.tracked_packages.0")]
    [InlineData("""{"source_revision_config":"x"}""", "model_attributes_type body.source_revision_config")]
    public async Task Faults_of_shape_are_422(string body, string fault)
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();

        var reply = await api.PatchAsync(id, body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.Equal([fault], reply.Faults);
    }

    [Fact]
    public async Task Tarball_must_be_an_upload_of_this_very_deployment_that_has_arrived()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync("one");
        var other = await api.CreateAsync("two");
        const string NotHandedOut =
            "source_revision_config.source_tarball_path must be an object_path that POST /v2/deployments/{deployment_id}/upload-url answered for this deployment.";

        foreach (var path in new[] { await api.AddUploadAsync(other), "uploads/../secret", "/etc/passwd", "", "https://evil.example/x.tar.gz" })
        {
            var reply = await api.PatchAsync(id, Bodies.Push(path));
            Assert.Equal((HttpStatusCode.BadRequest, NotHandedOut), (reply.Status, reply.Detail));
        }

        var early = await api.PatchAsync(id, Bodies.Push(await api.AddUploadAsync(id, isStored: false)));
        Assert.Equal(
            (HttpStatusCode.BadRequest, "source_revision_config.source_tarball_path names an upload that has not arrived: PUT the archive to its upload_url first."),
            (early.Status, early.Detail));
        Assert.Empty(await api.RevisionsAsync(id));
    }

    [Fact]
    public async Task Revision_keeps_what_was_wanted_when_it_was_made()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync(type: "prod");
        var path = await api.AddUploadAsync(id);
        var first = await api.PatchAsync(
            id, Bodies.Push(path, """[{"name":"A","value":"1"}]""", "app/langgraph.json", """{"install_command":"npm ci","build_command":"npm run build"}"""));

        (await api.PatchAsync(
            id, """{"source_config":{"install_command":"","build_command":"make"},"secrets":[{"name":"A","value":"2"}]}""")).Expect(HttpStatusCode.OK);

        var one = await api.RevisionRowAsync(first.Expect(HttpStatusCode.OK).Text_("latest_revision_id")!);
        Assert.Equal(("npm ci", "npm run build", "prod", "internal_source"), (one.InstallCommand, one.BuildCommand, one.DeploymentType, one.Source));
        Assert.Equal("1", (await api.SecretsOfAsync(one.SecretValues))["A"]);
        var two = await api.RevisionRowAsync((await api.RowAsync(id)).LatestRevisionId!.Value.ToString());
        Assert.Equal((null, "make", "prod"), (two.InstallCommand, two.BuildCommand, two.DeploymentType));
        Assert.Equal("2", (await api.SecretsOfAsync(two.SecretValues))["A"]);
        Assert.Contains(path, two.SourceRevisionConfig, StringComparison.Ordinal);
        Assert.Contains("app/langgraph.json", two.SourceRevisionConfig, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Source_may_change_from_revision_to_revision()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync("app", "internal_docker");

        await api.PushAsync(id);
        (await api.PatchAsync(id, """{"secrets":[{"name":"A","value":"1"}]}""")).Expect(HttpStatusCode.OK);
        (await api.PatchAsync(id, """{"revision_source":"internal_docker","source_revision_config":{"image_uri":"r.corp/a:1"}}""")).Expect(HttpStatusCode.OK);
        (await api.PatchAsync(id, """{"source_revision_config":{"image_uri":"r.corp/a:2"}}""")).Expect(HttpStatusCode.OK);

        var revisions = await api.RevisionsAsync(id);
        Assert.Equal(
            ["internal_docker", "internal_docker", "internal_source", "internal_source"],
            revisions.Select(revision => revision.GetProperty("source").GetString()));
        Assert.All(
            revisions.Take(2),
            revision => Assert.Equal(System.Text.Json.JsonValueKind.Null, revision.GetProperty("source_revision_config").GetProperty("source_tarball_path").ValueKind));
        Assert.Equal("internal_docker", (await api.GetAsync($"/v2/deployments/{id}")).Text_("source"));
    }

    [Fact]
    public async Task Empty_list_of_secrets_beside_new_source_leaves_the_stored_alone_and_says_so()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync(secrets: """[{"name":"A","value":"1"},{"name":"B","value":"2"}]""");

        var reply = await api.PushAsync(id, secrets: "[]");

        var revision = await api.RevisionRowAsync(reply.Text_("latest_revision_id")!);
        Assert.Equal(["A", "B"], (await api.SecretsOfAsync(revision.SecretValues)).Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["A", "B"], reply.Body.GetProperty("secrets").EnumerateArray().Select(secret => secret.GetProperty("name").GetString()));
        var told = Assert.Single(await api.EventsAsync(id), one => one.Kind is not RequestEventKinds.Queued);
        Assert.Equal((RequestEventKinds.SecretsKept, revision.Id), (told.Kind, told.RevisionId));
        Assert.Contains("the 2 stored were left alone", told.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"source_revision_config":{"image_uri":"r.corp/a:2"},"secrets":[]}""", 1)]
    [InlineData("""{"source_config":{"resource_spec":{}},"secrets":[]}""", 0)]
    [InlineData("""{"secrets":[]}""", 0)]
    [InlineData("""{"source_revision_config":{"image_uri":"r.corp/a:2"},"secrets":[{"name":"B","value":"2"}]}""", 1)]
    [InlineData("""{"source_revision_config":{"image_uri":"r.corp/a:2"},"secrets":null}""", 1)]
    [InlineData("""{"source_revision_config":{"image_uri":"r.corp/a:2"}}""", 1)]
    public async Task List_of_secrets_replaces_the_set_unless_it_is_empty_beside_new_source(string body, int left)
    {
        var api = await fixture.NewAsync();
        var id = (await api.CreateExternalAsync(secrets: """[{"name":"A","value":"1"}]""")).Id;

        var reply = (await api.PatchAsync(id, body)).Expect(HttpStatusCode.OK);

        Assert.Equal(left, reply.Body.GetProperty("secrets").GetArrayLength());
        var revision = await api.RevisionRowAsync(reply.Text_("latest_revision_id")!);
        Assert.Equal(left, (await api.SecretsOfAsync(revision.SecretValues)).Count);
        Assert.Equal(left, (await api.SecretsOfAsync((await api.RowAsync(id)).SecretValues)).Count);
    }

    [Fact]
    public async Task Mask_sent_back_means_the_stored_value_and_nothing_else()
    {
        var api = await fixture.NewAsync();
        var id = (await api.CreateExternalAsync(secrets: """[{"name":"A","value":"1"},{"name":"B","value":"2"}]""")).Id;

        (await api.PatchAsync(id, """{"secrets":[{"name":"A","value":"********"},{"name":"C","value":"3"}]}""")).Expect(HttpStatusCode.OK);
        var unknown = await api.PatchAsync(id, """{"secrets":[{"name":"B","value":"********"}]}""");

        Assert.Equal(
            new Dictionary<string, string> { ["A"] = "1", ["C"] = "3" }, await api.SecretsOfAsync((await api.RowAsync(id)).SecretValues));
        Assert.Equal(HttpStatusCode.BadRequest, unknown.Status);
        Assert.Contains("'B' is the mask", unknown.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Custom_url_of_an_external_image_is_the_users()
    {
        var api = await fixture.NewAsync();
        var made = await api.CreateExternalAsync();
        var derived = made.Text_("source_config", "custom_url");

        var set = await api.PatchAsync(made.Id, """{"source_config":{"custom_url":"https://agent.corp/a"}}""");
        var taken = await api.PatchAsync(made.Id, """{"source_config":{"custom_url":""}}""");

        Assert.Equal("https://agent.corp/a", set.Text_("source_config", "custom_url"));
        Assert.Equal(derived, taken.Text_("source_config", "custom_url"));
    }

    [Fact]
    public async Task Deployment_that_is_being_deleted_changes_no_more()
    {
        var api = await fixture.NewAsync();
        var id = (await api.CreateExternalAsync()).Id;
        var revision = (await api.RowAsync(id)).LatestRevisionId;
        await api.DeleteAsync($"/v2/deployments/{id}");

        Reply[] replies =
        [
            await api.PatchAsync(id, "{}"),
            await api.PostAsync($"/v2/deployments/{id}/revisions"),
            await api.PostAsync($"/v2/deployments/{id}/revisions/{revision}/redeploy"),
        ];

        Assert.All(replies, reply => Assert.Equal(
            (HttpStatusCode.Conflict, $"Deployment ID {id} is being deleted and cannot be changed any more."), (reply.Status, reply.Detail)));
    }
}
