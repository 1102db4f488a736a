using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace Pilothouse.EndToEnd.World;

/// <summary>The public API as any client would call it: HTTP and JSON, nothing of ours.</summary>
/// <param name="key">Null: the one that the server made.</param>
public sealed class ControlPlane(RunningServer server, string? key = null)
{
    private static readonly string[] s_final = ["DEPLOYED", "CREATE_FAILED", "BUILD_FAILED", "DEPLOY_FAILED", "SKIPPED", "INTERRUPTED"];

    public HttpClient Http { get; } = server.Client(key);

    /// <returns>The deployment.</returns>
    /// <param name="listener">Null: where the tests run their agents.</param>
    public Task<JsonElement> CreateAsync(string name, string type = "dev", string? listener = null) => SendAsync(HttpMethod.Post, "/v2/deployments", new
    {
        name,
        source = "internal_source",
        source_config = new { deployment_type = type, listener_id = listener ?? server.Listener?.Id },
        source_revision_config = new { },
        secrets = Array.Empty<object>(),
    });

    /// <summary>Uploads and patches.</summary>
    /// <returns>The id of the new revision.</returns>
    public async Task<string> DeployAsync(string deployment, byte[] tarball, string configPath = "langgraph.json", object? secrets = null)
    {
        var upload = await SendAsync(HttpMethod.Post, $"/v2/deployments/{deployment}/upload-url", new { supports_upload_headers = true });
        using var content = new ByteArrayContent(tarball);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/gzip");
        using var bare = new HttpClient { Timeout = TimeSpan.FromMinutes(5) };
        using var stored = await bare.PutAsync(new Uri(upload.GetProperty("upload_url").GetString()!), content, Repository.Cancel);
        Assert.True(stored.IsSuccessStatusCode, $"{(int)stored.StatusCode} {await stored.Content.ReadAsStringAsync(Repository.Cancel)}");
        await SendAsync(HttpMethod.Patch, $"/v2/deployments/{deployment}", new
        {
            revision_source = "internal_source",
            source_revision_config = new
            {
                source_tarball_path = upload.GetProperty("object_path").GetString(),
                langgraph_config_path = configPath,
            },
            secrets = secrets ?? Array.Empty<object>(),
        });
        var revisions = await SendAsync(HttpMethod.Get, $"/v2/deployments/{deployment}/revisions?limit=1");
        return revisions.GetProperty("resources")[0].GetProperty("id").GetString()!;
    }

    /// <summary>The newest revision once more, whose artifact is there.</summary>
    /// <returns>The id of the new revision.</returns>
    public async Task<string> RedeployAsync(string deployment)
    {
        var latest = (await SendAsync(HttpMethod.Get, $"/v2/deployments/{deployment}")).GetProperty("latest_revision_id").GetString();
        return (await SendAsync(HttpMethod.Post, $"/v2/deployments/{deployment}/revisions/{latest}/redeploy", new { })).GetProperty("latest_revision_id").GetString()!;
    }

    public Task<string> StatusAsync(string deployment, string revision) => ReadStatusAsync(deployment, revision);

    /// <summary>Waits for a final status; fails with both logs when it is another than wanted.</summary>
    public async Task UntilAsync(string deployment, string revision, string wanted = "DEPLOYED", TimeSpan? limit = null)
    {
        var status = await FinalAsync(deployment, revision, limit);
        if (status != wanted)
            Assert.Fail($"{revision} is {status}, not {wanted}.\n{await LogAsync(deployment, revision, "build")}\n{await LogAsync(deployment, revision, "deploy")}\n{server.Output}\n{server.Listener?.Output}");
    }

    public async Task<string> FinalAsync(string deployment, string revision, TimeSpan? limit = null)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var status = await ReadStatusAsync(deployment, revision);
            if (s_final.Contains(status)) return status;
            if (Stopwatch.GetElapsedTime(began) > (limit ?? TimeSpan.FromMinutes(4)))
                Assert.Fail($"{revision} is still {status}.\n{await LogAsync(deployment, revision, "build")}\n{await LogAsync(deployment, revision, "deploy")}\n{server.Output}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Repository.Cancel);
        }
    }

    /// <param name="type"><c>build</c> or <c>deploy</c>.</param>
    public async Task<string> LogAsync(string deployment, string revision, string type)
    {
        var page = await SendAsync(HttpMethod.Post, $"/v1/projects/{deployment}/revisions/{revision}/{type}_logs", new { order = "asc", limit = 1000 });
        return string.Join('\n', page.GetProperty("logs").EnumerateArray().Select(line => $"{line.GetProperty("level").GetString()} {line.GetProperty("message").GetString()}"));
    }

    public async Task<Agent> AgentAsync(string deployment)
    {
        var answer = await SendAsync(HttpMethod.Get, $"/v2/deployments/{deployment}");
        return new Agent(answer.GetProperty("source_config").GetProperty("custom_url").GetString()!, key ?? server.Key);
    }

    /// <summary>Fails on any other than a 2xx answer.</summary>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null) request.Content = JsonContent.Create(body);
        using var answer = await Http.SendAsync(request, Repository.Cancel);
        var text = await answer.Content.ReadAsStringAsync(Repository.Cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {(int)answer.StatusCode} {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement.Clone();
    }

    private async Task<string> ReadStatusAsync(string deployment, string revision) =>
        (await SendAsync(HttpMethod.Get, $"/v2/deployments/{deployment}/revisions/{revision}")).GetProperty("status").GetString()!;
}
