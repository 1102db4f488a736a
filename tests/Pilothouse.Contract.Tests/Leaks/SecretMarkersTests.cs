using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pilothouse.Contract.Tests.Contract;
using Pilothouse.Contract.Tests.Documents;
using Pilothouse.Contract.Tests.World;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Listeners;
using Pilothouse.Core.Builds;
using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Contract.Tests.Leaks;

/// <summary>
/// Secrets of every sort go in through every door, are printed by a build and an agent that leak their environment, and are then looked for
/// wherever the control plane answers, logs or writes.
/// </summary>
public sealed class SecretMarkersTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly Markers _markers = new();
    private readonly Recorder _recorder = new();
    private readonly KeptLog _log = new();
    private readonly FakeBuildEngine _engine = new();
    private readonly Dictionary<string, string> _environment = [];
    private readonly HashSet<string> _mayTell = [];
    private ContractHost _host = null!;
    private HttpClient _http = null!;

    public async ValueTask InitializeAsync()
    {
        _engine.Behaviour = (_, log, _) =>
        {
            foreach (var line in Leaky()) log.Write("INFO", line);
            return Task.FromResult<BuildOutcome>(new BuildOutcome.Refused($"The build failed: {string.Join(", ", Leaky())}"));
        };
        _host = new ContractHost
        {
            Adjust = builder =>
            {
                // As the server has it.
                builder.Logging.SetMinimumLevel(LogLevel.Trace).AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning);
                builder.Logging.AddProvider(_log);
                builder.Services.AddSingleton<IBuildEngine>(_engine);
            },
        };
        await _host.InitializeAsync();
        _http = new HttpClient(_recorder) { BaseAddress = _host.Address };
        _http.DefaultRequestHeaders.Add("X-Api-Key", _host.Key);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
        _log.Dispose();
    }

    [Fact]
    public async Task No_secret_is_told_by_an_answer_a_log_or_a_file()
    {
        var made = await SeedAsync();
        await BadRequestsAsync(made);
        await EveryOperationAsync(made);
        await Eventually.ReadAsync(
            () => _http.GetStringAsync(new Uri($"/v2/deployments/{made["built"]}/revisions", UriKind.Relative), ContractHost.Cancel),
            revisions => revisions.Contains("BUILD_FAILED", StringComparison.Ordinal),
            "the build failed");
        var logs = await LogsAsync(made);

        var found = new List<string>();
        foreach (var (request, answer) in _recorder.Answers)
        {
            // Such an answer tells the one secret that it made.
            var told = _markers.FoundIn(answer).ToList();
            if (!_mayTell.Contains(request) || told.Count > 1) found.AddRange(told.Select(what => $"answer of {request}: {what}"));
        }

        foreach (var line in _log.Lines.Select(line => $"{line.Event} {line.Text}")) found.AddRange(_markers.FoundIn(Encoding.UTF8.GetBytes(line)).Select(what => $"log: {what}: {line[..Math.Min(line.Length, 160)]}"));
        var files = Directory.GetFiles(_host.DirectoryOfData, "*", SearchOption.AllDirectories).Where(file => Path.GetExtension(file) != ".lock").ToList();
        foreach (var file in files) found.AddRange(_markers.FoundIn(await ReadAsync(file)).Select(what => $"file {Path.GetRelativePath(_host.DirectoryOfData, file)}: {what}"));

        output.WriteLine($"{_markers.Count} secrets, {_recorder.Answers.Count} answers, {_log.Lines.Count} lines of log, {files.Count} files.");
        Assert.True(found.Count == 0, $"{found.Count} leaks\n{string.Join('\n', found.Distinct().Take(60))}");
        Assert.InRange(_markers.Count, 64, int.MaxValue);
        Assert.Contains("leaky line", logs);
        Assert.Contains(files, file => Path.GetFileName(file) == "pilothouse.db");
    }

    /// <summary>The search finds what it is for.</summary>
    [Theory]
    [InlineData("plain")]
    [InlineData("base64")]
    [InlineData("hex")]
    [InlineData("url")]
    public void A_secret_is_found_in_any_spelling(string spelling)
    {
        var secret = _markers.New("a secret");
        var bytes = Encoding.UTF8.GetBytes(secret);
        var text = spelling switch
        {
            "base64" => Convert.ToBase64String([.. "x="u8, .. bytes]),
            "hex" => Convert.ToHexStringLower(bytes),
            "url" => Uri.EscapeDataString(secret),
            _ => secret,
        };

        Assert.Contains(_markers.FoundIn(Encoding.UTF8.GetBytes($"before {text} after")), what => what.StartsWith("a secret", StringComparison.Ordinal));
    }

    private async Task<Dictionary<string, string>> SeedAsync()
    {
        var made = new Dictionary<string, string>();
        made["deployment_id"] = await MadeAsync("/v2/deployments", Deployment("external_docker", Secrets(12)), "id");
        _environment.Clear();
        made["built"] = await MadeAsync("/v2/deployments", Deployment("internal_source", Secrets(12)), "id");
        for (var at = 0; at < 6; at++)
        {
            var provider = Provider(_markers.New("client secret"));
            made["provider_id"] = await MadeAsync("/v2/auth/providers", provider, "provider_id");
            made["token_id"] = await MadeAsync("/v2/auth/tokens/import", Token(made["provider_id"]), "token_id");
        }

        await SentAsync(HttpMethod.Patch, $"/v2/auth/providers/{made["provider_id"]}", new JsonObject { ["client_secret"] = _markers.New("changed client secret") });
        for (var at = 0; at < 10; at++) _markers.Keep(await MadeAsync("/v2/access/keys", new JsonObject { ["name"] = "key", ["role"] = "viewer" }, "key", mayTell: true), "API key");
        for (var at = 0; at < 5; at++) await UploadAsync(made["built"]);
        made["revision_id"] = (string)(await SentAsync(HttpMethod.Get, $"/v2/deployments/{made["deployment_id"]}/revisions", null))["resources"]![0]!["id"]!;
        return made;
    }

    private async Task UploadAsync(string deployment)
    {
        var (answer, request) = await AskAsync(HttpMethod.Post, $"/v2/deployments/{deployment}/upload-url", new JsonObject());
        var url = (string)answer["upload_url"]!;
        _mayTell.Add(request);
        _markers.Keep(url.Split('/')[^1], "upload token");
        using var content = new ByteArrayContent(Tarball.OfFiles(new Dictionary<string, string> { ["langgraph.json"] = "{}" }));
        content.Headers.ContentType = new("application/gzip");
        using var put = await _http.PutAsync(new Uri(url), content, ContractHost.Cancel);
        put.EnsureSuccessStatusCode();
        await SentAsync(HttpMethod.Patch, $"/v2/deployments/{deployment}", new JsonObject
        {
            ["source_revision_config"] = new JsonObject { ["source_tarball_path"] = (string)answer["object_path"]!, ["langgraph_config_path"] = "langgraph.json" },
        });
    }

    /// <summary>Secrets where they do not belong, or beside something that is wrong.</summary>
    private async Task BadRequestsAsync(Dictionary<string, string> made)
    {
        string Bad(string where) => _markers.New($"secret in a bad {where}");
        JsonObject With(JsonObject body, string field, JsonNode? value)
        {
            body[field] = value;
            return body;
        }

        await AskAsync(HttpMethod.Post, "/v2/deployments", With(Deployment("external_docker", []), "secrets", Bad("list of secrets")));
        await AskAsync(HttpMethod.Post, "/v2/deployments", With(Deployment("external_docker", []), "secrets", new JsonArray(new JsonObject { ["name"] = "A", ["value"] = new JsonArray(Bad("value")) })));
        await AskAsync(HttpMethod.Post, "/v2/deployments", With(Deployment("external_docker", new JsonArray(new JsonObject { ["name"] = "A", ["value"] = Bad("deployment") })), "name", 7));
        await AskAsync(HttpMethod.Patch, $"/v2/deployments/{made["deployment_id"]}", new JsonObject { ["secrets"] = new JsonObject { ["A"] = Bad("change") } });
        await AskAsync(HttpMethod.Post, "/v2/auth/providers", With(Provider(Bad("provider")), "auth_url", 7));
        await AskAsync(HttpMethod.Post, "/v2/auth/providers", With(Provider(""), "client_secret", new JsonObject { ["x"] = Bad("client secret") }));
        await AskAsync(HttpMethod.Post, "/v2/auth/tokens/import", With(Token("nobody"), "scopes", 7));
        await AskAsync(HttpMethod.Post, "/v2/auth/tokens/import", With(Token("nobody"), "access_token", new JsonArray(Bad("token"))));
        using var half = new StringContent($"{{\"secrets\": [{{\"name\": \"A\", \"value\": \"{Bad("half").Split('/')[0]}", Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync(new Uri("/v2/deployments", UriKind.Relative), half, ContractHost.Cancel);
        using var stranger = new HttpRequestMessage(HttpMethod.Get, "/v2/deployments");
        stranger.Headers.Add("Authorization", $"Bearer {_markers.New("key that is none").Split('/')[0]}");
        using var refused = await _http.SendAsync(stranger, ContractHost.Cancel);
    }

    private async Task EveryOperationAsync(Dictionary<string, string> made)
    {
        var good = new GoodValues(OurDocument.File);
        made["listener_id"] = await new Seeds(_http, good).IdAsync(made, "listener_id");
        var seeds = new Seeds(_http, good) { RunsAt = made["listener_id"] };
        foreach (var operation in OurDocument.File.Operations.OrderBy(one => one.Verb == "delete").ThenBy(one => one.Verb))
        {
            var target = await seeds.TargetAsync(operation);
            var body = operation.Path == "/uploads/{token}" ? null : await seeds.BodyAsync(operation, target);
            var path = operation.Parameters.Where(one => one.In == "path" && made.ContainsKey(one.Name))
                .Aggregate(target.With(null), (at, one) => at.Replace(target.Made[one.Name], made[one.Name], StringComparison.Ordinal));
            await AskAsync(operation.Method, path, body);
            if (operation.Verb != "get" || !operation.Path.Contains("{deployment_id}", StringComparison.Ordinal)) continue;
            await AskAsync(operation.Method, operation.Path.Replace("{deployment_id}", made["built"], StringComparison.Ordinal).Replace("{revision_id}", await LatestAsync(made["built"]), StringComparison.Ordinal), null);
        }
    }

    /// <returns>What is in the logs and events of the deployment that prints all it knows.</returns>
    private async Task<string> LogsAsync(Dictionary<string, string> made)
    {
        var deployment = await SentAsync(HttpMethod.Get, $"/v2/deployments/{made["built"]}", null);
        var revision = await LatestAsync(made["built"]);
        var protocol = _host.Services.GetRequiredService<IListenerProtocol>();
        await protocol.SendLogsAsync(
            new LogBatch(EmbeddedListener.Id, Guid.NewGuid(),
            [
                .. Leaky().Select(line => new ReportedLog(
                    Guid.Parse((string)deployment["tenant_id"]!), Guid.Parse(made["built"]), Guid.Parse(revision), TimeProvider.System.GetUtcNow(), "INFO", line)),
            ]),
            ContractHost.Cancel);
        var told = new StringBuilder();
        foreach (var path in (string[])["logs?type=build", "logs?type=deploy", "events", ""])
            told.Append((await AskAsync(HttpMethod.Get, $"/v2/deployments/{made["built"]}/revisions/{revision}/{path}".TrimEnd('/'), null)).Answer.ToJsonString());
        foreach (var path in (string[])["/events", "/explain"])
            told.Append((await AskAsync(HttpMethod.Get, $"/v2/deployments/{made["built"]}{path}", null)).Answer.ToJsonString());
        return told.ToString();
    }

    private IEnumerable<string> Leaky()
    {
        foreach (var (name, value) in _environment)
        {
            var bytes = Encoding.UTF8.GetBytes(value);
            yield return $"leaky line {name}={value}";
            yield return $"leaky line {name}={Uri.EscapeDataString(value)}";
            yield return $"leaky line {name}={JsonValue.Create(value).ToJsonString()}";
            yield return $"leaky line {Convert.ToBase64String(bytes)} {Convert.ToBase64String([.. "user:"u8, .. bytes])}";
            yield return $"leaky line {Convert.ToHexString(bytes)} {Convert.ToHexStringLower(bytes)}";
        }
    }

    private JsonArray Secrets(int count) => new([.. Enumerable.Range(0, count).Select(at =>
    {
        var name = $"SECRET_{_markers.Count}";
        _environment[name] = _markers.New("secret of a deployment");
        return new JsonObject { ["name"] = name, ["value"] = _environment[name] };
    })]);

    private static JsonObject Deployment(string source, JsonArray secrets) => new()
    {
        ["name"] = GoodValues.Word("app"),
        ["source"] = source,
        ["source_config"] = new JsonObject(),
        ["source_revision_config"] = source == "external_docker" ? new JsonObject { ["image_uri"] = "registry.example/agent:1" } : new JsonObject(),
        ["secrets"] = secrets,
    };

    private static JsonObject Provider(string secret) => new()
    {
        ["provider_id"] = GoodValues.Word("provider"),
        ["name"] = "A provider",
        ["client_id"] = "client",
        ["client_secret"] = secret,
        ["auth_url"] = "https://provider.example/authorize",
        ["token_url"] = "https://provider.example/token",
    };

    private JsonObject Token(string provider) => new()
    {
        ["provider_id"] = provider,
        ["access_token"] = _markers.New("access token"),
        ["refresh_token"] = _markers.New("refresh token"),
        ["scopes"] = new JsonArray("read"),
    };

    private async Task<string> LatestAsync(string deployment) => (string)(await SentAsync(HttpMethod.Get, $"/v2/deployments/{deployment}", null))["latest_revision_id"]!;

    private async Task<string> MadeAsync(string path, JsonObject body, string field, bool mayTell = false)
    {
        var (answer, request) = await AskAsync(HttpMethod.Post, path, body);
        if (mayTell) _mayTell.Add(request);
        return (string?)answer[field] ?? throw new SeedException($"{path}: {answer.ToJsonString()}");
    }

    private async Task<JsonNode> SentAsync(HttpMethod method, string path, JsonObject? body) => (await AskAsync(method, path, body)).Answer;

    private async Task<(JsonNode Answer, string Request)> AskAsync(HttpMethod method, string path, JsonObject? body)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = JsonContent.Create(body);
        using var answer = await _http.SendAsync(request, ContractHost.Cancel);
        var text = await answer.Content.ReadAsStringAsync(ContractHost.Cancel);
        return (text.StartsWith('{') ? JsonNode.Parse(text)! : new JsonObject(), $"{method} {path} {(int)answer.StatusCode}");
    }

    private static async Task<byte[]> ReadAsync(string file)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var whole = new MemoryStream();
        await stream.CopyToAsync(whole, ContractHost.Cancel);
        return whole.ToArray();
    }
}
