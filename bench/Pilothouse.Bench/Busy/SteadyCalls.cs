using System.Diagnostics;
using System.Net.Http.Json;

namespace Pilothouse.Bench.Busy;

/// <param name="Reads">Milliseconds of each, from the moment when it was due.</param>
/// <param name="Writes">As those.</param>
internal sealed record CallTimes(IReadOnlyList<double> Reads, IReadOnlyList<double> Writes);

/// <summary>A few hundred calls a second, each sent when it is due whether or not the one before was answered: whoever waits is counted as waiting.</summary>
/// <param name="writeEvery">Each n-th call changes something.</param>
internal sealed class SteadyCalls(Uri server, string key, IReadOnlyList<Guid> deployments, int writeEvery = 5) : IDisposable
{
    private const int PerSecond = 200;

    private readonly HttpClient _client = new() { BaseAddress = server, DefaultRequestHeaders = { { "X-Api-Key", key } } };

    private int _calls;

    public async Task<CallTimes> RunAsync(TimeSpan span)
    {
        var (reads, writes) = (new List<Task<double>>(), new List<Task<double>>());
        var began = Stopwatch.GetTimestamp();
        var count = (int)(span.TotalSeconds * PerSecond);
        for (var call = 0; call < count; call++)
        {
            var due = began + (call * Stopwatch.Frequency / PerSecond);
            var early = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
            if (early > TimeSpan.Zero) await Task.Delay(early, TimeProvider.System);
            var number = Interlocked.Increment(ref _calls);
            (number % writeEvery == 0 ? writes : reads).Add(CallAsync(number, due));
        }

        return new CallTimes(await Task.WhenAll(reads), await Task.WhenAll(writes));
    }

    public void Dispose() => _client.Dispose();

    private async Task<double> CallAsync(int number, long due)
    {
        var path = $"/v2/deployments/{deployments[number % deployments.Count]}";
        using var answer = number % writeEvery == 0
            ? await _client.PatchAsJsonAsync(path, new Dictionary<string, object> { ["source_config"] = new Dictionary<string, string> { ["build_command"] = $"make {number}" } })
            : await _client.GetAsync(new Uri(number % 2 == 0 ? path : "/v2/deployments?limit=20", UriKind.Relative));
        answer.EnsureSuccessStatusCode();
        return Stopwatch.GetElapsedTime(due).TotalMilliseconds;
    }
}
