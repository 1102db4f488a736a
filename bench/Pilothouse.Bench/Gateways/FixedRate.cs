using System.Diagnostics;

namespace Pilothouse.Bench.Gateways;

/// <summary>Asks at a fixed rate whether or not answers come (open loop), so that a slow answer does not hide the ones behind it.</summary>
internal static class FixedRate
{
    /// <returns>The 99th percentile in milliseconds, counted from when each request should have been sent.</returns>
    public static async Task<double> P99Async(Uri url, double perSecond, TimeSpan duration)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 64, ActivityHeadersPropagator = null });
        http.DefaultRequestHeaders.Add("X-Api-Key", GatewayUnderTest.Key);
        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => http.GetByteArrayAsync(url)));

        var total = (int)(perSecond * duration.TotalSeconds);
        var took = new double[total];
        var pending = new List<Task>(total);
        var began = Stopwatch.GetTimestamp();
        for (var number = 0; number < total;)
        {
            var due = Math.Min(total, (int)(Stopwatch.GetElapsedTime(began).TotalSeconds * perSecond));
            for (; number < due; number++) pending.Add(AskAsync(number));
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        await Task.WhenAll(pending);
        Array.Sort(took);
        return took[(int)(total * 0.99)];

        async Task AskAsync(int number)
        {
            var sent = Stopwatch.GetTimestamp();
            using var answer = await http.GetAsync(url);
            answer.EnsureSuccessStatusCode();
            took[number] = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
        }
    }
}
