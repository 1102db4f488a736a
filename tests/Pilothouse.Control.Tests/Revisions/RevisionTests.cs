using System.Net;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Core.Revisions;
using Xunit;

namespace Pilothouse.Control.Tests.Revisions;

public sealed class RevisionTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task List_is_newest_first_and_pages()
    {
        var api = await fixture.NewAsync();
        var id = (await api.CreateExternalAsync()).Id;
        for (var at = 0; at < 4; at++) (await api.PostAsync($"/v2/deployments/{id}/revisions")).Expect(HttpStatusCode.Created);
        var all = (await api.RevisionsAsync(id)).Select(revision => revision.GetProperty("id").GetString()).ToList();

        var first = await api.GetAsync($"/v2/deployments/{id}/revisions?limit=2");
        await api.PostAsync($"/v2/deployments/{id}/revisions");
        var second = await api.GetAsync($"/v2/deployments/{id}/revisions?limit=4&offset={first.Text_("offset")}");

        var numbers = await Task.WhenAll(all.Select(async revision => (await api.RevisionRowAsync(revision!)).Number));
        Assert.Equal([5, 4, 3, 2, 1], numbers);
        Assert.Equal(all.Take(2), Ids(first));
        Assert.Equal(all.Skip(1), Ids(second));
        Assert.Equal("6", second.Text_("offset"));
    }

    [Fact]
    public async Task Statuses_filter_by_any_of_the_thirteen_words()
    {
        var api = await fixture.NewAsync();
        var id = (await api.CreateExternalAsync()).Id;
        var ids = new Dictionary<string, string>();
        foreach (var status in Enum.GetValues<RevisionStatus>())
        {
            var revision = (await api.PostAsync($"/v2/deployments/{id}/revisions")).Expect(HttpStatusCode.Created).Id;
            await api.SetStatusAsync(revision, status);
            ids[status.ToWire()] = revision;
        }

        foreach (var (word, revision) in ids.Where(pair => pair.Key != "QUEUED"))
            Assert.Equal([revision], Ids(await api.GetAsync($"/v2/deployments/{id}/revisions?status={word}")));
        Assert.Equal(
            [ids["DEPLOYED"], ids["BUILDING"]], Ids(await api.GetAsync($"/v2/deployments/{id}/revisions?status=BUILDING,%20DEPLOYED")));
        Assert.Equal(14, Ids(await api.GetAsync($"/v2/deployments/{id}/revisions?status=")).Count);
        Assert.Equal(
            ["enum query.status"],
            (await api.GetAsync($"/v2/deployments/{id}/revisions?status=BUILD_SUCCEEDED")).Expect(HttpStatusCode.UnprocessableEntity).Faults);
    }

    [Fact]
    public async Task One_revision_has_every_field_of_the_contract_and_no_other()
    {
        var api = await fixture.NewAsync();
        var made = await api.CreateExternalAsync();

        var revision = await api.GetAsync($"/v2/deployments/{made.Id}/revisions/{made.Text_("latest_revision_id")}");

        Assert.Equal(
            ["created_at", "id", "source", "source_revision_config", "status", "updated_at"],
            revision.Expect(HttpStatusCode.OK).Body.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal));
        Assert.Equal((await api.RevisionsAsync(made.Id))[0].GetRawText(), revision.Text);
    }

    [Theory]
    [InlineData("/v2/deployments/{d}/revisions/nonsense", HttpStatusCode.UnprocessableEntity)]
    [InlineData("/v2/deployments/{d}/revisions/0193aaaa-0000-7000-8000-000000000000", HttpStatusCode.NotFound)]
    [InlineData("/v2/deployments/0193aaaa-0000-7000-8000-000000000000/revisions", HttpStatusCode.NotFound)]
    [InlineData("/v2/deployments/{d}/revisions?limit=101", HttpStatusCode.UnprocessableEntity)]
    [InlineData("/v2/deployments/{d}/revisions?remote_reconciled=perhaps", HttpStatusCode.UnprocessableEntity)]
    public async Task Unknown_and_malformed_ids(string path, HttpStatusCode status)
    {
        var api = await fixture.NewAsync();
        var id = (await api.CreateExternalAsync()).Id;

        var reply = (await api.GetAsync(path.Replace("{d}", id, StringComparison.Ordinal))).Expect(status);

        if (status == HttpStatusCode.NotFound)
            Assert.Equal($"Deployment ID {path.Split('/')[3].Replace("{d}", id, StringComparison.Ordinal)} not found.", reply.Detail);
    }

    [Fact]
    public async Task Post_always_makes_a_revision_and_answers_it()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();
        await api.PushAsync(id, """[{"name":"A","value":"1"}]""");

        var bare = await api.PostAsync($"/v2/deployments/{id}/revisions");
        var empty = await api.PostAsync($"/v2/deployments/{id}/revisions", "{}");
        var changed = await api.PostAsync(
            $"/v2/deployments/{id}/revisions", """{"source_revision_config":{"langgraph_config_path":"app/langgraph.json"},"secrets":[{"name":"B","value":"2"}]}""");

        var revisions = await api.RevisionsAsync(id);
        Assert.Equal(
            [changed.Id, empty.Id, bare.Id], revisions.Take(3).Select(revision => revision.GetProperty("id").GetString()));
        Assert.Equal(revisions[3].GetProperty("source_revision_config").GetRawText(), bare.Expect(HttpStatusCode.Created).Body.GetProperty("source_revision_config").GetRawText());
        Assert.Equal("app/langgraph.json", changed.Text_("source_revision_config", "langgraph_config_path"));
        Assert.Equal(["B"], (await api.SecretsOfAsync((await api.RevisionRowAsync(changed.Id)).SecretValues)).Keys);
        Assert.Equal(["A"], (await api.SecretsOfAsync((await api.RevisionRowAsync(empty.Id)).SecretValues)).Keys);
    }

    [Theory]
    [InlineData("internal_source", "Source configuration error: 'source_revision_config.langgraph_config_path' is required for 'internal_source' source; Source configuration error: 'source_revision_config.source_tarball_path' is required for 'internal_source' source")]
    [InlineData("internal_docker", "Source configuration error: 'source_revision_config.image_uri' is required for 'internal_docker' source")]
    public async Task Post_on_a_deployment_without_source_says_what_is_missing(string source, string text)
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync("app", source);

        var reply = await api.PostAsync($"/v2/deployments/{id}/revisions");

        Assert.Equal((HttpStatusCode.BadRequest, text), (reply.Status, reply.Detail));
    }

    [Fact]
    public async Task Redeploy_is_a_new_revision_with_all_that_the_old_one_carried()
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync(type: "prod");
        var path = await api.AddUploadAsync(id);
        var first = await api.PatchAsync(
            id, Bodies.Push(path, """[{"name":"A","value":"old"}]""", "langgraph.json", """{"build_command":"npm run old"}"""));
        (await api.PatchAsync(
            id, Bodies.Push(await api.AddUploadAsync(id), """[{"name":"A","value":"new"}]""", "app/langgraph.json", """{"build_command":"npm run new"}""")))
            .Expect(HttpStatusCode.OK);

        var reply = await api.PostAsync($"/v2/deployments/{id}/revisions/{first.Text_("latest_revision_id")}/redeploy");

        Assert.Equal(id, reply.Expect(HttpStatusCode.OK).Id);
        Assert.Equal(path, reply.Text_("source_revision_config", "source_tarball_path"));
        var back = await api.RevisionRowAsync(reply.Text_("latest_revision_id")!);
        Assert.Equal((3, RevisionStatus.Queued, "npm run old", "prod"), (back.Number, back.Status, back.BuildCommand, back.DeploymentType));
        Assert.Equal("old", (await api.SecretsOfAsync(back.SecretValues))["A"]);
        Assert.Equal(reply.Text_("latest_revision_id"), (await api.RevisionsAsync(id))[0].GetProperty("id").GetString());

        // What is wanted of the deployment stays, and counts with the next change.
        Assert.Equal("new", (await api.SecretsOfAsync((await api.RowAsync(id)).SecretValues))["A"]);
        var told = Assert.Single(await api.EventsAsync(id), one => one.Kind is not RequestEventKinds.Queued);
        Assert.Equal((RequestEventKinds.Redeployed, back.Id, "Carries what revision 1 carried."), (told.Kind, told.RevisionId, told.Message));
        Assert.Equal($$"""{"revision_id":"{{first.Text_("latest_revision_id")}}","number":1}""", told.Data);
    }

    [Fact]
    public async Task Redeploy_brings_the_resources_and_references_of_then()
    {
        var api = await fixture.NewAsync();
        var made = await api.PostAsync(
            "/v2/deployments",
            $$$"""{"name":"app","source":"external_docker","source_config":{"resource_spec":{"cpu":1}},"source_revision_config":{"image_uri":"{{{Bodies.Image}}}"},"secrets":[],"secret_references":[{"name":"DB","secret_name":"old","secret_key":"url"}]}""");
        var first = await api.RevisionRowAsync(made.Expect(HttpStatusCode.Created).Text_("latest_revision_id")!);
        var patched = await api.PatchAsync(
            made.Id, """{"source_config":{"resource_spec":{"cpu":4}},"secret_references":[{"name":"DB","secret_name":"new","secret_key":"url"}]}""");
        var second = await api.RevisionRowAsync(patched.Expect(HttpStatusCode.OK).Text_("latest_revision_id")!);

        var reply = await api.PostAsync($"/v2/deployments/{made.Id}/revisions/{first.Id}/redeploy");

        var back = await api.RevisionRowAsync(reply.Expect(HttpStatusCode.OK).Text_("latest_revision_id")!);
        Assert.Equal((3, first.ResourceSpec, first.SecretReferences), (back.Number, back.ResourceSpec, back.SecretReferences));
        Assert.Contains("\"cpu\":1,", first.ResourceSpec!, StringComparison.Ordinal);
        Assert.Contains("\"cpu\":4,", second.ResourceSpec!, StringComparison.Ordinal);
        Assert.Contains("old", back.SecretReferences!, StringComparison.Ordinal);
        Assert.Equal("1", reply.Text_("source_config", "resource_spec", "cpu"));
        Assert.Contains("new", second.SecretReferences!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redeploy_takes_any_revision_and_no_foreign_one()
    {
        var api = await fixture.NewAsync();
        var one = await api.CreateExternalAsync("one");
        var two = await api.CreateExternalAsync("two");
        foreach (var status in new[] { RevisionStatus.Skipped, RevisionStatus.DeployFailed, RevisionStatus.Interrupted, RevisionStatus.Deployed })
        {
            await api.SetStatusAsync(one.Text_("latest_revision_id")!, status);
            (await api.PostAsync($"/v2/deployments/{one.Id}/revisions/{one.Text_("latest_revision_id")}/redeploy")).Expect(HttpStatusCode.OK);
        }

        var foreign = await api.PostAsync($"/v2/deployments/{one.Id}/revisions/{two.Text_("latest_revision_id")}/redeploy");

        Assert.Equal((HttpStatusCode.NotFound, $"Deployment ID {one.Id} not found."), (foreign.Status, foreign.Detail));
        Assert.Equal(5, (await api.RevisionsAsync(one.Id)).Count);
    }

    private static List<string> Ids(Reply reply) =>
        [.. reply.Expect(HttpStatusCode.OK).Body.GetProperty("resources").EnumerateArray().Select(one => one.GetProperty("id").GetString()!)];
}
