using System.Globalization;

namespace Pilothouse.Bench.Gateways;

/// <summary>Asks at a fixed rate with h2load over HTTP/1.1; its log has one line a request: begin in µs, status, time taken in µs.</summary>
internal static class FixedRate
{
    public const int Connections = 64;

    /// <returns>What was reached, in requests per second, and the 99th percentile in milliseconds.</returns>
    public static async Task<(double Rate, double P99)> MeasureAsync(string core, Uri url, double perSecond, int seconds)
    {
        var log = Path.GetTempFileName();
        try
        {
            var each = Math.Max(1, (int)Math.Round(perSecond / Connections));
            var output = await BenchProcess.OutputAsync(
                "taskset", "-c", core, "h2load", "--h1", "-t1", $"-c{Connections}", $"--rps={each}", $"-D{seconds}", "--warm-up-time=1",
                "-H", $"X-Api-Key: {GatewayUnderTest.Key}", $"--log-file={log}", url.AbsoluteUri);
            var fields = (await File.ReadAllLinesAsync(log)).Select(line => line.Split('\t')).ToList();
            // Those under way when the time was up have no status.
            var answered = fields.Where(line => line[1] == "200").ToList();
            if (answered.Count == 0 || fields.Count - answered.Count > Connections) throw new InvalidOperationException($"{url}: not every answer was 200:\n{output}");

            var took = answered.Select(line => double.Parse(line[2], CultureInfo.InvariantCulture)).Order().ToList();
            return ((double)took.Count / seconds, took[(int)(took.Count * 0.99)] / 1000);
        }
        finally
        {
            File.Delete(log);
        }
    }
}
