using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Control.Tests.World;
using Xunit;

namespace Pilothouse.Control.Tests.Secrets;

public sealed class SecretRequestTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    /// <summary>The 40 of behaviour reference 4.2, written out once more so that the list cannot shrink unseen.</summary>
    public static TheoryData<string> Reserved() =>
    [
        .. ("LANGCHAIN_TRACING_V2 LANGSMITH_TRACING_V2 LANGCHAIN_ENDPOINT LANGCHAIN_PROJECT LANGSMITH_PROJECT LANGSMITH_LANGGRAPH_GIT_REPO "
            + "LANGGRAPH_GIT_REPO_PATH LANGCHAIN_API_KEY LANGSMITH_CONTROL_PLANE_API_KEY POSTGRES_URI POSTGRES_PASSWORD DATABASE_URI "
            + "LANGSMITH_LANGGRAPH_GIT_REF LANGSMITH_LANGGRAPH_GIT_REF_SHA LANGGRAPH_AUTH_TYPE LANGSMITH_AUTH_ENDPOINT LANGSMITH_TENANT_ID "
            + "LANGSMITH_AUTH_VERIFY_TENANT_ID LANGSMITH_HOST_PROJECT_ID LANGSMITH_HOST_PROJECT_NAME LANGSMITH_HOST_REVISION_ID LOG_JSON "
            + "LOG_DICT_TRACEBACKS REDIS_URI LANGCHAIN_CALLBACKS_BACKGROUND DD_TRACE_PSYCOPG_ENABLED DD_TRACE_REDIS_ENABLED LANGSMITH_DEPLOYMENT_NAME "
            + "LANGGRAPH_CLOUD_LICENSE_KEY LANGSMITH_API_KEY LANGSMITH_ENDPOINT POSTGRES_URI_CUSTOM REDIS_URI_CUSTOM PATH PORT MOUNT_PREFIX LSD_ENV "
            + "LSD_DD_API_KEY LSD_DD_ENDPOINT LSD_DEPLOYMENT_TYPE").Split(' '),
    ];

    [Fact]
    public void Forty_names_are_reserved() => Assert.Equal(40, Reserved().Select(row => row.Data).Intersect(ReservedNames.All).Count());

    [Theory]
    [MemberData(nameof(Reserved))]
    public async Task Reserved_name_is_refused_in_the_text_that_clients_know(string name)
    {
        var api = await fixture.NewAsync();
        var id = await api.CreateAsync();
        var secrets = $$"""[{"name":"{{name}}","value":"x"}]""";

        var made = await api.PostAsync("/v2/deployments", Bodies.Internal("other", secrets: secrets));
        var patched = await api.PatchAsync(id, $$"""{"secrets":{{secrets}}}""");

        Assert.Equal((HttpStatusCode.BadRequest, $"'{name}' is reserved"), (made.Status, made.Detail));
        Assert.Equal((HttpStatusCode.BadRequest, $"'{name}' is reserved"), (patched.Status, patched.Detail));
    }

    [Theory]
    [InlineData("LANGGRAPH_HOST_API_KEY")]
    [InlineData("LANGGRAPH_HOST_URL")]
    [InlineData("LANGSMITH_AGENT_ID")]
    [InlineData("LANGSMITH_TRACING")]
    [InlineData("LANGSMITH_WORKSPACE_ID")]
    [InlineData("path")]
    [InlineData("_x1")]
    public async Task Names_that_the_official_client_uploads_are_taken(string name)
    {
        var api = await fixture.NewAsync();

        await api.CreateAsync(secrets: $$"""[{"name":"{{name}}","value":""}]""");
    }

    [Theory]
    [InlineData("""[{"name":"A","value":"1"},{"name":"A","value":"2"}]""", "secrets has 'A' more than once.")]
    [InlineData("""[{"name":"1A","value":"1"}]""", "secrets[0].name is not the name of an environment variable")]
    [InlineData("""[{"name":"A=marker-7c21","value":"1"}]""", "secrets[0].name is not the name of an environment variable")]
    [InlineData("""[{"name":"A B","value":"1"}]""", "secrets[0].name is not the name of an environment variable")]
    [InlineData("""[{"name":"A\n","value":"1"}]""", "secrets[0].name is not the name of an environment variable")]
    [InlineData("""[{"name":"","value":"1"}]""", "secrets[0].name is not the name of an environment variable")]
    [InlineData("""[{"name":"A","value":"marker-7c21\u0000"}]""", "secrets[0].value contains a NUL character")]
    public async Task Names_and_values_that_no_process_can_have_are_refused_without_repeating_them(string secrets, string text)
    {
        var api = await fixture.NewAsync();

        var reply = await api.PostAsync("/v2/deployments", Bodies.Internal("app", secrets: secrets));

        Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
        Assert.StartsWith(text, reply.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("marker-7c21", reply.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(300, 10, "secrets has 300 entries; at most 256 are possible.")]
    [InlineData(1, 70_000, "secrets[0].value is larger than 65536 bytes.")]
    [InlineData(20, 60_000, "secrets are larger than 524288 bytes together.")]
    public async Task Counts_and_sizes_are_bounded(int count, int size, string text)
    {
        var api = await fixture.NewAsync();
        var value = new string('v', size);
        var secrets = string.Join(',', Enumerable.Range(0, count).Select(at => $$"""{"name":"S{{at}}","value":"{{value}}"}"""));

        var reply = await api.PostAsync("/v2/deployments", Bodies.Internal("app", secrets: $"[{secrets}]"));

        Assert.Equal((HttpStatusCode.BadRequest, text), (reply.Status, reply.Detail));
    }

    [Fact]
    public async Task References_are_for_external_images_and_apart_from_secrets()
    {
        var api = await fixture.NewAsync();
        string Body(string name, string secrets, string references) => string.Concat(
            Bodies.External(name, secrets: secrets).AsSpan()[..^1], $$""","secret_references":{{references}}}""");

        var made = await api.PostAsync("/v2/deployments", Body("a", "[]", """[{"name":"A","secret_name":"keys","secret_key":"a.b"}]"""));
        var both = await api.PostAsync("/v2/deployments", Body("b", """[{"name":"A","value":"1"}]""", """[{"name":"A","secret_name":"keys","secret_key":"a"}]"""));
        var reserved = await api.PostAsync("/v2/deployments", Body("c", "[]", """[{"name":"PORT","secret_name":"Keys","secret_key":"a/b"}]"""));
        var inner = await api.PostAsync(
            "/v2/deployments", string.Concat(Bodies.Internal("d").AsSpan()[..^1], ""","secret_references":[{"name":"A","secret_name":"k","secret_key":"a"}]}"""));

        Assert.Equal("keys", made.Expect(HttpStatusCode.Created).Body.GetProperty("secret_references")[0].GetProperty("secret_name").GetString());
        Assert.Equal("'A' is in secrets and in secret_references; it can be in one of them.", both.Detail);
        Assert.Equal(
            "'PORT' is reserved; secret_references[0].secret_name is not the name of a Kubernetes Secret (RFC 1123 subdomain).; "
            + "secret_references[0].secret_key is not a key of a Kubernetes Secret (letters, digits, '-', '_', '.').",
            reserved.Detail);
        Assert.Equal("Source configuration error: 'secret_references' must be null for 'internal_source' source", inner.Detail);
    }

    [Fact]
    public async Task Values_are_in_no_answer_and_nowhere_on_disk()
    {
        await using var host = await ControlHost.StartAsync();
        var api = await Api.InNewWorkspaceAsync(host);
        var markers = Enumerable.Range(0, 64).Select(_ => $"marker-{Guid.NewGuid():N}").ToList();
        string Secrets(int from) => $"[{string.Join(',', markers.Skip(from).Take(16).Select((marker, at) => $$"""{"name":"S{{at}}","value":"{{marker}}"}"""))}]";

        var made = await api.CreateExternalAsync(secrets: Secrets(0));
        var answers = new List<Reply>
        {
            made,
            await api.PatchAsync(made.Id, $$"""{"secrets":{{Secrets(16)}}}"""),
            await api.PostAsync($"/v2/deployments/{made.Id}/revisions", $$"""{"secrets":{{Secrets(32)}}}"""),
            await api.PostAsync($"/v2/deployments/{made.Id}/revisions/{made.Text_("latest_revision_id")}/redeploy"),
            await api.GetAsync($"/v2/deployments/{made.Id}"),
            await api.GetAsync("/v2/deployments"),
            await api.GetAsync($"/v2/deployments/{made.Id}/revisions"),
            await api.PostAsync("/v2/deployments", Bodies.External("app", secrets: Secrets(48))),
            await api.PatchAsync(made.Id, $$"""{"secrets":["{{markers[0]}}"]}"""),
            await api.PatchAsync(made.Id, $$"""{"secrets":"{{markers[0]}}"}"""),
            await api.PatchAsync(made.Id, $$"""{"secrets":[{"name":"A","value":["{{markers[0]}}"]},{"value":"{{markers[1]}}"}]}"""),
        };

        Assert.Equal([201, 200, 201, 200, 200, 200, 200, 409, 422, 422, 422], answers.Select(answer => (int)answer.Status));
        Assert.All(answers, answer => Assert.DoesNotContain(markers, marker => answer.Text.Contains(marker, StringComparison.Ordinal)));
        Assert.All(made.Body.GetProperty("secrets").EnumerateArray(), secret => Assert.Equal("********", secret.GetProperty("value").GetString()));

        if (TestDatabase.IsPostgres)
        {
            var rows = await host.WithDbAsync(AllRowsAsync);
            Assert.DoesNotContain(markers, marker => rows.Contains(marker, StringComparison.Ordinal) || rows.Contains(Convert.ToHexString(Encoding.UTF8.GetBytes(marker)), StringComparison.OrdinalIgnoreCase));
            Assert.Contains(Bodies.Image, rows, StringComparison.Ordinal);
            return;
        }

        // The write-ahead log is a file of its own beside the database.
        var files = Directory.GetFiles(host.Directory, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal));
        Assert.Contains(files, file => file.EndsWith("-wal", StringComparison.Ordinal));
        var found = 0;
        foreach (var file in files)
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            var bytes = await reader.ReadToEndAsync(ControlHost.Cancel);
            Assert.DoesNotContain(markers, marker => bytes.Contains(marker, StringComparison.Ordinal));
            if (bytes.Contains(Bodies.Image, StringComparison.Ordinal)) found++;
        }

        // What is no secret is found by the same search.
        Assert.NotEqual(0, found);
    }

    /// <summary>All that PostgreSQL keeps, as text; bytes in hexadecimal.</summary>
    private static async Task<string> AllRowsAsync(PilothouseDb db)
    {
        await db.Database.OpenConnectionAsync(ControlHost.Cancel);
        var all = new StringBuilder();
        foreach (var table in db.Model.GetEntityTypes().Select(type => type.GetTableName()).Distinct(StringComparer.Ordinal))
        {
            await using var command = db.Database.GetDbConnection().CreateCommand();
            command.CommandText = $"SELECT one::text FROM {table} one";
            await using var reader = await command.ExecuteReaderAsync(ControlHost.Cancel);
            while (await reader.ReadAsync(ControlHost.Cancel)) all.AppendLine(reader.GetString(0));
        }

        return all.ToString();
    }
}
