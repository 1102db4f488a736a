using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.Hostile;

/// <summary>Requests that should not work, and what became of them: no 5xx, no half answer, and a sentence with every refusal.</summary>
internal sealed class Attack(ControlPlane control)
{
    private readonly ConcurrentQueue<string> _faults = [];
    private int _requests;
    private int _refused;

    public int Requests => _requests;

    public int Refused => _refused;

    public IReadOnlyCollection<string> Faults => _faults;

    /// <returns>The body of a 2xx answer; null for a refusal.</returns>
    public async Task<JsonElement?> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null) request.Content = JsonContent.Create(body);
        using var answer = await control.Http.SendAsync(request, Repository.Cancel);
        var text = await answer.Content.ReadAsStringAsync(Repository.Cancel);
        Interlocked.Increment(ref _requests);
        if (answer.IsSuccessStatusCode) return text.Length == 0 ? default(JsonElement) : JsonDocument.Parse(text).RootElement.Clone();
        Interlocked.Increment(ref _refused);

        // A path with a NUL is no path to the HTTP server itself, which answers without a body.
        var isNoRequest = answer.StatusCode == HttpStatusCode.BadRequest && path.Contains("%00", StringComparison.Ordinal);
        if ((int)answer.StatusCode >= 500 || (!isNoRequest && !HasDetail(text)))
            _faults.Enqueue($"{method} {Short(path)} {Short(JsonSerializer.Serialize(body))}: {(int)answer.StatusCode} {Short(text)}");
        return null;
    }

    /// <summary>Several at a time, as callers come.</summary>
    public static Task AllAsync<T>(IEnumerable<T> items, Func<T, Task> one) => Parallel.ForEachAsync(
        items, new ParallelOptions { MaxDegreeOfParallelism = 6, CancellationToken = Repository.Cancel }, async (item, _) => await one(item));

    public void AssertHarmless()
    {
        Assert.True(_faults.IsEmpty, string.Join('\n', _faults));
        TestContext.Current.TestOutputHelper?.WriteLine($"{_requests} requests, {_refused} of them refused, none with a 5xx");
    }

    private static bool HasDetail(string text)
    {
        try
        {
            return JsonDocument.Parse(text).RootElement.GetProperty("detail").GetRawText().Length > 4;
        }
        catch (Exception broken) when (broken is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }

    private static string Short(string text) => text.Length <= 400 ? text : text[..400] + "…";
}
