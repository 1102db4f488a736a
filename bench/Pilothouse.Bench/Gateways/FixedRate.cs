using System.Globalization;

namespace Pilothouse.Bench.Gateways;

/// <summary>
/// Asks at a fixed rate with h2load over HTTP/1.1; its log has one line a request: begin in µs, status, time taken in µs. One h2load starts its
/// connections together and lets each of them ask at the same moments ever after, in volleys of all; several that start apart spread the rate.
/// </summary>
internal static class FixedRate
{
    private const int Groups = 8;
    private const int ConnectionsEach = 8;

    /// <returns>What was reached, in requests per second, and the 99th percentile in milliseconds.</returns>
    public static async Task<(double Rate, double P99)> MeasureAsync(string core, Uri url, double perSecond, int seconds)
    {
        var each = Math.Max(1, (int)Math.Round(perSecond / (Groups * ConnectionsEach)));
        var groups = new List<Task<List<double>>>(Groups);
        for (var group = 0; group < Groups; group++)
        {
            groups.Add(GroupAsync(core, url, each, seconds));
            // Far more than the pause between two requests of a connection, so that where in it a group begins is chance.
            await Task.Delay(TimeSpan.FromMilliseconds(20 + Random.Shared.Next(20)), TimeProvider.System);
        }

        var took = (await Task.WhenAll(groups)).SelectMany(one => one).Order().ToList();
        return ((double)took.Count / seconds, took[(int)(took.Count * 0.99)] / 1000);
    }

    private static async Task<List<double>> GroupAsync(string core, Uri url, int perConnection, int seconds)
    {
        var log = Path.GetTempFileName();
        try
        {
            var output = await BenchProcess.OutputAsync(
                "taskset", "-c", core, "h2load", "--h1", "-t1", $"-c{ConnectionsEach}", $"--rps={perConnection}", $"-D{seconds}", "--warm-up-time=1",
                "-H", $"X-Api-Key: {GatewayUnderTest.Key}", $"--log-file={log}", url.AbsoluteUri);
            var fields = (await File.ReadAllLinesAsync(log)).Select(line => line.Split('\t')).ToList();
            // Those under way when the time was up have no status.
            var answered = fields.Where(line => line[1] == "200").ToList();
            if (answered.Count == 0 || fields.Count - answered.Count > ConnectionsEach) throw new InvalidOperationException($"{url}: not every answer was 200:\n{output}");
            return [.. answered.Select(line => double.Parse(line[2], CultureInfo.InvariantCulture))];
        }
        finally
        {
            File.Delete(log);
        }
    }
}
