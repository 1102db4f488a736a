using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Pilothouse.EndToEnd.World;

namespace Pilothouse.EndToEnd.Chaos;

/// <summary>Clients that create, patch, delete and call, each time at another control plane, and note what they were answered.</summary>
internal sealed class Clients(ChaosWorld world, int deployments, CancellationToken until)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    private readonly ConcurrentQueue<Act> _acts = new();
    private readonly ConcurrentDictionary<Guid, byte> _mine = new();
    private readonly HttpClient _http = New();
    private int _named;

    public IReadOnlyList<Act> Acts => [.. _acts];

    /// <summary>Deployments that run an agent, and where it answers, at any control plane or at its listener; nobody deletes them.</summary>
    public ConcurrentDictionary<Guid, string> Agents { get; } = new();

    /// <summary>Much of little: deployments, and revisions whose build ends at once, since they name a file that is not there.</summary>
    public async Task EditAsync(int seed)
    {
        var random = new Random(seed);
        while (!until.IsCancellationRequested)
        {
            var known = _mine.Keys.ToList();
            var dice = random.Next(10);
            if (known.Count + Agents.Count < deployments && (dice < 5 || known.Count == 0)) await CreateAsync(random);
            else if (known.Count > 0 && dice == 9) await DeleteAsync(random, known[random.Next(known.Count)]);
            else if (known.Count > 0) await PatchAsync(random, known[random.Next(known.Count)], Broken(random.Next()));
            await PauseAsync(random.Next(50, 250));
        }
    }

    /// <summary>Real redeploys of real agents.</summary>
    public async Task DeployAsync(int seed, TimeSpan pause)
    {
        var random = new Random(seed);
        var version = 0;
        while (!until.IsCancellationRequested)
        {
            foreach (var agent in Agents.Keys) await PatchAsync(random, agent, Sample(++version));
            await PauseAsync((int)pause.TotalMilliseconds);
        }
    }

    public async Task CallAsync(int seed)
    {
        var random = new Random(seed);
        while (!until.IsCancellationRequested)
        {
            var agents = Agents.ToList();
            if (agents.Count > 0)
            {
                var (id, path) = agents[random.Next(agents.Count)];
                await NoteAsync("call", id, () => _http.GetAsync(new Uri(Any(random), $"{path}/ok"), CancellationToken.None));
            }

            await PauseAsync(random.Next(20, 100));
        }
    }

    /// <returns>Null when it was not acknowledged.</returns>
    /// <param name="listener">That runs it; null: the control planes do.</param>
    public async Task<Guid?> CreateAsync(Random random, bool isAgent = false, string? listener = null)
    {
        var body = new
        {
            name = $"chaos-{Interlocked.Increment(ref _named)}",
            source = "internal_source",
            source_config = new { deployment_type = "dev", listener_id = listener },
            source_revision_config = new { },
            secrets = Array.Empty<object>(),
        };
        var made = await NoteAsync("create", null, () => _http.PostAsJsonAsync(new Uri(Any(random), "/v2/deployments"), body, CancellationToken.None), read => Id(read, "id"));
        if (made is not { IsAcknowledged: true, Deployment: { } id }) return null;
        if (!isAgent) _mine[id] = 0;
        return id;
    }

    public async Task PatchAsync(Random random, Guid deployment, byte[] source)
    {
        var at = Any(random);
        if (await UploadAsync(at, deployment, source) is not { } path) return;
        var body = new
        {
            revision_source = "internal_source",
            secrets = Array.Empty<object>(),
            source_revision_config = new { source_tarball_path = path, langgraph_config_path = "langgraph.json" },
        };
        await NoteAsync("patch", deployment, () => _http.PatchAsJsonAsync(new Uri(at, $"/v2/deployments/{deployment}"), body, CancellationToken.None), revision: read => Id(read, "latest_revision_id"));
    }

    private async Task DeleteAsync(Random random, Guid deployment)
    {
        _mine.TryRemove(deployment, out _);
        await NoteAsync("delete", deployment, () => _http.DeleteAsync(new Uri(Any(random), $"/v2/deployments/{deployment}"), CancellationToken.None));
    }

    private async Task<string?> UploadAsync(Uri at, Guid deployment, byte[] source)
    {
        try
        {
            using var asked = await _http.PostAsJsonAsync(new Uri(at, $"/v2/deployments/{deployment}/upload-url"), new { supports_upload_headers = true }, CancellationToken.None);
            if (!asked.IsSuccessStatusCode) return null;
            var upload = await asked.Content.ReadFromJsonAsync<JsonElement>(CancellationToken.None);
            using var content = new ByteArrayContent(source);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/gzip");
            using var bare = New(isKnown: false);
            using var stored = await bare.PutAsync(new Uri(upload.GetProperty("upload_url").GetString()!), content, CancellationToken.None);
            return stored.IsSuccessStatusCode ? upload.GetProperty("object_path").GetString() : null;
        }
        catch (Exception lost) when (lost is HttpRequestException or OperationCanceledException or IOException)
        {
            return null;
        }
    }

    private async Task<Act> NoteAsync(
        string kind, Guid? deployment, Func<Task<HttpResponseMessage>> send, Func<JsonElement, Guid?>? made = null, Func<JsonElement, Guid?>? revision = null)
    {
        var began = TimeProvider.System.GetUtcNow();
        var (status, of, its) = (0, deployment, (Guid?)null);
        try
        {
            using var answer = await send();
            status = (int)answer.StatusCode;
            if (answer.IsSuccessStatusCode && (made ?? revision) is not null)
            {
                var read = await answer.Content.ReadFromJsonAsync<JsonElement>(CancellationToken.None);
                of = made is null ? deployment : made(read);
                its = revision?.Invoke(read);
            }
        }
        catch (Exception lost) when (lost is HttpRequestException or OperationCanceledException or IOException or JsonException)
        {
            // The client was told nothing, or not all of it.
            status = 0;
        }

        var act = new Act(kind, of, its, status, began, TimeProvider.System.GetUtcNow());
        _acts.Enqueue(act);
        return act;
    }

    private Uri Any(Random random) => world.Servers[random.Next(world.Servers.Count)].Address;

    private Task PauseAsync(int milliseconds) =>
        Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, until).ContinueWith(_ => { }, TaskScheduler.Default);

    private static Guid? Id(JsonElement read, string name) => read.GetProperty(name) is { ValueKind: JsonValueKind.String } id ? id.GetGuid() : null;

    private static HttpClient New(bool isKnown = true)
    {
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.FromSeconds(5) }) { Timeout = s_patience };
        if (isKnown) http.DefaultRequestHeaders.Add("X-Api-Key", ChaosWorld.Key);
        return http;
    }

    public static byte[] Sample(int version) => Tarball.OfFolder(Repository.Sample("echo-js"), (name, text) =>
        name == "src/agent.ts" ? text.Replace("echo: ", $"v{version}: ", StringComparison.Ordinal) : text);

    private static byte[] Broken(int number) => Tarball.OfFiles(new Dictionary<string, string>
    {
        ["langgraph.json"] = $$"""{"node_version":"20","graphs":{"agent":"./missing-{{number}}.ts:graph"} }""",
        ["package.json"] = """{"name":"broken","version":"1.0.0"}""",
    });
}
