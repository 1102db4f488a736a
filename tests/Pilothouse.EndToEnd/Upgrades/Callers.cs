using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Pilothouse.EndToEnd.World;

namespace Pilothouse.EndToEnd.Upgrades;

/// <summary>
/// Clients of control planes behind a balancer: a connection that is not taken goes to the next one, a 503 is tried again after its
/// <c>Retry-After</c>, and what makes something carries an <c>Idempotency-Key</c>. Keeps what was acknowledged.
/// </summary>
internal sealed class Callers(string key, string agentPath) : IDisposable
{
    private const int Tries = 100;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromSeconds(1) })
    {
        Timeout = TimeSpan.FromSeconds(60),
        DefaultRequestHeaders = { { "X-Api-Key", key } },
    };

    private volatile RunningServer[] _servers = [];
    private int _calls;
    private int _again;
    private int _turn;

    /// <summary>By id: name and the last <c>build_command</c> that a PATCH was acknowledged for.</summary>
    public ConcurrentDictionary<Guid, (string Name, string? Command)> Acknowledged { get; } = new();

    public ConcurrentQueue<string> Failures { get; } = new();

    public int Calls => _calls;

    /// <summary>Behind the balancer, from now on.</summary>
    public void Use(params RunningServer[] servers) => _servers = servers;

    /// <summary>Calls that were sent once more: not taken, or 503.</summary>
    public int Again => _again;

    public Task RunAsync(CancellationToken until) => Task.WhenAll(CreateAsync(until), AskAsync(until), ReadAsync(until));

    public async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body = null)
    {
        var once = Guid.NewGuid().ToString();
        var last = "";
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            var servers = _servers;
            var server = servers[(Interlocked.Increment(ref _turn) & int.MaxValue) % servers.Length];
            try
            {
                using var request = new HttpRequestMessage(method, new Uri(server.Address, path)) { Content = body is null ? null : JsonContent.Create(body) };
                if (method != HttpMethod.Get) request.Headers.Add("Idempotency-Key", once);
                using var answer = await _http.SendAsync(request, Repository.Cancel);
                var text = await answer.Content.ReadAsStringAsync(Repository.Cancel);
                if (answer.IsSuccessStatusCode)
                {
                    Interlocked.Increment(ref _calls);
                    return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement.Clone();
                }

                last = $"{method} {path}: {(int)answer.StatusCode} {text}";
                if (answer.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.Conflict) || answer.Headers.RetryAfter is null) break;
            }
            catch (HttpRequestException notTaken)
            {
                last = $"{method} {path}: {notTaken.Message}";
            }

            Interlocked.Increment(ref _again);
            await Task.Delay(s_pause, TimeProvider.System, Repository.Cancel);
        }

        Failures.Enqueue(last);
        return default;
    }

    public async Task<string?> AskAsync(string text)
    {
        var answer = await SendAsync(HttpMethod.Post, $"{agentPath}/runs/wait", new { assistant_id = "agent", input = new { messages = new[] { new { role = "user", content = text } } } });
        return answer.ValueKind is JsonValueKind.Object ? answer.GetProperty("messages").EnumerateArray().Last().GetProperty("content").GetString() : null;
    }

    public void Dispose() => _http.Dispose();

    private async Task CreateAsync(CancellationToken until)
    {
        for (var number = 0; !until.IsCancellationRequested; number++)
        {
            var name = $"made-{number}-{Guid.NewGuid():N}"[..20];
            var made = await SendAsync(HttpMethod.Post, "/v2/deployments", new
            {
                name,
                source = "internal_source",
                source_config = new { deployment_type = "dev" },
                source_revision_config = new { },
                secrets = Array.Empty<object>(),
            });
            if (made.ValueKind is not JsonValueKind.Object) return;
            var id = made.GetProperty("id").GetGuid();
            Acknowledged[id] = (name, null);
            var command = $"make {number}";
            var patched = await SendAsync(HttpMethod.Patch, $"/v2/deployments/{id}", new { source_config = new { build_command = command } });
            if (patched.ValueKind is JsonValueKind.Object) Acknowledged[id] = (name, command);
            await Task.Delay(s_pause, TimeProvider.System, CancellationToken.None);
        }
    }

    private async Task AskAsync(CancellationToken until)
    {
        for (var number = 0; !until.IsCancellationRequested; number++)
        {
            if (await AskAsync($"{number}") is { } answer && answer != $"echo: {number}") Failures.Enqueue($"The agent said '{answer}' to {number}.");
            await Task.Delay(s_pause, TimeProvider.System, CancellationToken.None);
        }
    }

    private async Task ReadAsync(CancellationToken until)
    {
        while (!until.IsCancellationRequested)
        {
            foreach (var (id, (name, _)) in Acknowledged.Take(3))
            {
                var read = await SendAsync(HttpMethod.Get, $"/v2/deployments/{id}");
                if (read.ValueKind is JsonValueKind.Object && read.GetProperty("name").GetString() != name) Failures.Enqueue($"{id} is not {name}.");
            }

            await Task.Delay(s_pause, TimeProvider.System, CancellationToken.None);
        }
    }
}
