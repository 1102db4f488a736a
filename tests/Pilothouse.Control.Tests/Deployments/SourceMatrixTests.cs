using System.Net;
using System.Text.Json.Nodes;
using Pilothouse.Control.Tests.Integrations;
using Xunit;

namespace Pilothouse.Control.Tests.Deployments;

/// <summary>Every field with every source, in a POST and in a PATCH.</summary>
public sealed class SourceMatrixTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Repo = "https://github.com/acme/agents";
    private const string OtherRepo = "https://github.com/acme/other";

    public static TheoryData<string, string, char> Creations() => [.. SourceMatrix.OfCreate];

    public static TheoryData<string, string, char> Patches() => [.. SourceMatrix.OfPatch];

    public static TheoryData<string, string> Required() => new()
    {
        { "github", "integration_id" },
        { "github", "repo_url" },
        { "github", "repo_ref" },
        { "github", "langgraph_config_path" },
        { "external_docker", "image_uri" },
    };

    [Fact]
    public void Table_has_a_hundred_cases_and_more() =>
        Assert.InRange(Creations().Count + Patches().Count + Required().Count, 100, int.MaxValue);

    [Theory]
    [MemberData(nameof(Creations))]
    public async Task Creation_takes_a_field_with_its_sources_only(string source, string field, char rule)
    {
        var api = await fixture.NewAsync();
        var body = await GoodAsync(api, source);
        Put(body, field, Value(field, integration: Guid.Parse((string?)body["source_config"]!["integration_id"] ?? $"{Guid.NewGuid()}"), Repo));

        var reply = await api.PostAsync("/v2/deployments", body.ToJsonString());

        if (rule is '+' && field is "listener_config" or "listener_id") Assert.DoesNotContain("must be null", reply.Text, StringComparison.Ordinal);
        else if (rule is '+') reply.Expect(HttpStatusCode.Created);
        else if (rule is 'p') Assert.Contains(SourceMatrix.PathOf(field), reply.Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
        else MustBeNull(reply, source, field);
    }

    [Theory]
    [MemberData(nameof(Required))]
    public async Task Creation_without_a_required_field_says_so(string source, string field)
    {
        var api = await fixture.NewAsync();
        var body = await GoodAsync(api, source);
        ((JsonObject)body[SourceMatrix.IsOfRevision(field) ? "source_revision_config" : "source_config"]!).Remove(field);

        var reply = await api.PostAsync("/v2/deployments", body.ToJsonString());

        var text = SourceMatrix.IsOfRevision(field)
            ? $"Source configuration error: '{SourceMatrix.PathOf(field)}' is required for '{source}' source"
            : $"{field} is required for github source";
        Assert.Equal((HttpStatusCode.BadRequest, text), (reply.Status, reply.Detail));
    }

    [Theory]
    [MemberData(nameof(Patches))]
    public async Task Patch_takes_a_field_with_its_sources_only(string source, string field, char rule)
    {
        var api = await fixture.NewAsync();
        var made = await api.PostAsync("/v2/deployments", (await GoodAsync(api, source)).ToJsonString());
        var id = made.Expect(HttpStatusCode.Created).Id;
        var before = await api.RowAsync(id);
        var patch = new JsonObject { ["source_config"] = new JsonObject(), ["source_revision_config"] = new JsonObject() };
        Put(patch, field, field is "source_tarball_path" && source is "internal_source"
            ? await api.AddUploadAsync(id)
            : Value(field, Guid.NewGuid(), OtherRepo));

        var reply = await api.PatchAsync(id, patch.ToJsonString());

        if (rule is '+') reply.Expect(HttpStatusCode.OK);
        else if (rule is '0') MustBeNull(reply, source, field);
        else if (rule is '!') Assert.Contains($"{(field is "listener_config" ? "listener_config.k8s_namespace" : field)} cannot be changed", reply.Detail.Split("; "));
        else Assert.Contains($"is required for '{source}' source", reply.Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
        if (rule is not '+') Assert.Equal((before.UpdatedAt, before.SourceConfig), ((await api.RowAsync(id)).UpdatedAt, (await api.RowAsync(id)).SourceConfig));
    }

    [Theory]
    [InlineData("integration_id")]
    [InlineData("image_uri")]
    [InlineData("source_tarball_path")]
    public async Task Source_without_machinery_here_is_no_word_of_the_contract(string field)
    {
        var api = await fixture.NewAsync();
        var body = await GoodAsync(api, "internal_source");
        body["source"] = "internal_template";
        Put(body, field, Value(field, Guid.NewGuid(), Repo));

        var reply = await api.PostAsync("/v2/deployments", body.ToJsonString());

        Assert.Equal(["enum body.source"], reply.Expect(HttpStatusCode.UnprocessableEntity).Faults);
    }

    private static void MustBeNull(Reply reply, string source, string field) => Assert.Contains(
        $"Source configuration error: '{SourceMatrix.PathOf(field)}' must be null for '{source}' source",
        reply.Expect(HttpStatusCode.BadRequest).Detail.Split("; "));

    /// <summary>A creation with all that its source needs.</summary>
    private static async Task<JsonObject> GoodAsync(Api api, string source)
    {
        var (config, revision) = (new JsonObject(), new JsonObject());
        if (source is "github")
        {
            config["integration_id"] = $"{await api.ConnectAsync("github", 1, "acme/agents", "acme/other")}";
            config["repo_url"] = Repo;
            revision["repo_ref"] = "main";
            revision["langgraph_config_path"] = "langgraph.json";
        }
        else if (source is "external_docker")
        {
            revision["image_uri"] = Bodies.Image;
        }

        return new JsonObject
        {
            ["name"] = "app",
            ["source"] = source,
            ["source_config"] = config,
            ["source_revision_config"] = revision,
            ["secrets"] = new JsonArray(),
        };
    }

    private static JsonNode Value(string field, Guid integration, string repo) => field switch
    {
        "integration_id" => $"{integration}",
        "repo_url" => repo,
        "build_on_push" => true,
        "deployment_type" => "prod",
        "custom_url" => "https://agents.corp.example",
        "resource_spec" => new JsonObject { ["cpu"] = 1 },
        "listener_id" => $"{Guid.NewGuid()}",
        "listener_config" => new JsonObject { ["k8s_namespace"] = "agents" },
        "install_command" => "npm ci",
        "build_command" => "npm run build",
        "repo_ref" => "next",
        "langgraph_config_path" => "app/langgraph.json",
        "image_uri" => "registry.corp:5000/team/agent:2.0",
        _ => "uploads/of/nobody.tar.gz",
    };

    private static void Put(JsonObject body, string field, JsonNode value) =>
        body[SourceMatrix.IsOfRevision(field) ? "source_revision_config" : "source_config"]![field] = value;
}
