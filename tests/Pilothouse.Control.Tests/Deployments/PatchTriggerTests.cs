using System.Net;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;
using Xunit;

namespace Pilothouse.Control.Tests.Deployments;

/// <summary>Which fields of a PATCH make a revision: a row each of behaviour reference 1.6 and 1.7.</summary>
public sealed class PatchTriggerTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Spec = """{"source_config":{"resource_spec":{"cpu":2}}}""";

    [Theory]
    [InlineData("""{"source_revision_config":{"source_tarball_path":"{tarball}"}}""", true)]
    [InlineData("""{"revision_source":"internal_source","source_revision_config":{"source_tarball_path":"{tarball}","langgraph_config_path":"app/langgraph.json"}}""", true)]
    [InlineData("""{"source_revision_config":{"langgraph_config_path":"app/langgraph.json"}}""", true)]
    [InlineData("""{"source_revision_config":{"langgraph_config_path":"langgraph.json"}}""", true)]
    [InlineData("""{"secrets":[{"name":"A","value":"1"}]}""", true)]
    [InlineData("""{"secrets":[]}""", true)]
    [InlineData("""{"revision_source":"internal_docker","source_revision_config":{"image_uri":"registry.corp/a@sha256:{digest}"},"secrets":[]}""", true)]
    [InlineData("{}", false)]
    [InlineData("""{"revision_source":"internal_source"}""", false)]
    [InlineData("""{"source_config":null,"source_revision_config":null,"secrets":null,"secret_references":null,"revision_source":null}""", false)]
    [InlineData("""{"source_revision_config":{"repo_ref":null,"langgraph_config_path":null,"image_uri":null,"source_tarball_path":null}}""", false)]
    [InlineData("""{"source_revision_config":{"repo_commit_sha":"0000000000000000000000000000000000000000"}}""", false)]
    [InlineData("""{"source_config":{"install_command":"npm ci && npm run x"}}""", false)]
    [InlineData("""{"source_config":{"build_command":"npm run build"}}""", false)]
    [InlineData("""{"source_config":{"build_on_push":false}}""", false)]
    [InlineData("""{"source_config":{"deployment_type":"dev_zero"}}""", false)]
    [InlineData("""{"tracked_packages":["google-adk:1.2.3"]}""", false)]
    [InlineData("""{"name":"app","source":"internal_source","unknown":true}""", false)]
    public async Task On_an_internal_source(string body, bool makesRevision)
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();
        await api.PushAsync(id);

        await ExpectAsync(api, id, body, makesRevision);
    }

    [Theory]
    [InlineData("""{"source_revision_config":{"image_uri":"registry.corp/agent:2"}}""", true)]
    [InlineData("""{"source_revision_config":{"image_uri":"registry.corp:5000/team/agent:1.0"},"secrets":[]}""", true)]
    [InlineData(Spec, true)]
    [InlineData("""{"source_config":{"resource_spec":{}}}""", true)]
    [InlineData("""{"secrets":[{"name":"A","value":"1"}]}""", true)]
    [InlineData("""{"secrets":[]}""", true)]
    [InlineData("""{"source_config":{"resource_spec":null}}""", false)]
    [InlineData("""{"source_config":{"custom_url":"https://agent.corp/a"}}""", false)]
    [InlineData("""{"secret_references":[{"name":"A","secret_name":"s","secret_key":"k"}]}""", false)]
    [InlineData("""{"source_config":{"listener_id":null,"listener_config":{"k8s_namespace":null}}}""", false)]
    public async Task On_an_external_image(string body, bool makesRevision)
    {
        var api = await fixture.NewAsync();
        var id = (await api.CreateExternalAsync()).Id;

        await ExpectAsync(api, id, body, makesRevision);
    }

    [Theory]
    [InlineData("""{"source_revision_config":{"repo_ref":"develop"}}""", true)]
    [InlineData("""{"source_revision_config":{"repo_ref":"main"}}""", true)]
    [InlineData("""{"source_revision_config":{"langgraph_config_path":"app/langgraph.json"}}""", true)]
    [InlineData("""{"secrets":[]}""", true)]
    [InlineData("""{"source_config":{"build_on_push":true}}""", false)]
    [InlineData("""{"source_config":{"install_command":"npm ci"}}""", false)]
    [InlineData("""{"source_config":{"repo_url":"https://github.com/o/r","integration_id":"0193aaaa-0000-7000-8000-000000000000"}}""", false)]
    public async Task On_a_repository(string body, bool makesRevision)
    {
        var api = await fixture.NewAsync();
        var id = await RepositoryAsync(api);

        await ExpectAsync(api, id, body, makesRevision);
    }

    [Fact]
    public async Task Secrets_of_a_deployment_with_nothing_to_run_wait_for_its_first_revision()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();

        (await api.PatchAsync(id, """{"secrets":[{"name":"A","value":"early"}]}""")).Expect(HttpStatusCode.OK);

        Assert.Empty(await api.RevisionsAsync(id));
        var pushed = await api.PushAsync(id);
        var revision = await api.RevisionRowAsync(pushed.Text_("latest_revision_id")!);
        Assert.Equal("early", (await api.SecretsOfAsync(revision.SecretValues))["A"]);
    }

    [Fact]
    public async Task Nothing_to_do_writes_nothing()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();
        var before = (await api.PushAsync(id)).Text_("updated_at");

        var same = await api.PatchAsync(id, """{"source_config":{"deployment_type":"dev_zero"}}""");
        var changed = await api.PatchAsync(id, """{"source_config":{"build_command":"npm run build"}}""");

        Assert.Equal(before, same.Text_("updated_at"));
        Assert.NotEqual(before, changed.Text_("updated_at"));
    }

    /// <summary>No request can make one here, as no integration exists.</summary>
    internal static async Task<string> RepositoryAsync(Api api)
    {
        var id = await api.CreateAsync("repo", type: "dev");
        await api.ChangeAsync(id, row =>
        {
            row.Source = "github";
            row.SourceConfig = """{"integration_id":"0193aaaa-0000-7000-8000-000000000000","repo_url":"https://github.com/o/r","deployment_type":"dev"}""";
            row.SourceRevisionConfig = """{"repo_ref":"main","langgraph_config_path":"langgraph.json"}""";
        });
        (await api.PostAsync($"/v2/deployments/{id}/revisions")).Expect(HttpStatusCode.Created);
        return id;
    }

    private static async Task ExpectAsync(Api api, string id, string body, bool makesRevision)
    {
        var before = await api.RevisionsAsync(id);
        body = body
            .Replace("{tarball}", await api.AddUploadAsync(id), StringComparison.Ordinal)
            .Replace("{digest}", new string('a', 64), StringComparison.Ordinal);

        var reply = (await api.PatchAsync(id, body)).Expect(HttpStatusCode.OK);

        var after = await api.RevisionsAsync(id);
        Assert.Equal(before.Count + (makesRevision ? 1 : 0), after.Count);
        Assert.Equal(after[0].GetProperty("id").GetString(), reply.Text_("latest_revision_id"));
        Assert.Equal(after[0].GetProperty("source_revision_config").GetRawText(), reply.Body.GetProperty("source_revision_config").GetRawText());
        if (makesRevision) Assert.Equal("QUEUED", after[0].GetProperty("status").GetString());
        Assert.Equal(
            after.Count,
            await api.Host.WithDbAsync(db => Task.FromResult(db.Set<DeploymentRow>().AsNoTracking().Single(row => row.Id == Guid.Parse(id)).NextRevisionNumber)) - 1);
    }
}
