using System.Collections.Concurrent;
using System.Globalization;
using Pilothouse.Contract.Tests.Documents;
using Pilothouse.Contract.Tests.World;
using Xunit;

namespace Pilothouse.Contract.Tests.Fuzz;

/// <summary>Random requests never end in a 5xx, never hang, and leave no memory behind.</summary>
public sealed class FuzzTests(ContractHost host, ITestOutputHelper output) : IClassFixture<ContractHost>
{
    private const int AtOnce = 16;
    private const long Slack = 20 * 1024 * 1024;

    /// <summary>Of one answer, on a machine that does other things too.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    /// <summary><c>./dev fuzz</c> sets more.</summary>
    private static readonly int s_requests = int.Parse(Environment.GetEnvironmentVariable("PILOTHOUSE_FUZZ") ?? "20000", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Random_requests_are_all_answered_and_memory_stays()
    {
        using var http = host.Client(host.Key);
        http.Timeout = s_limit;
        var requests = new RandomRequests(OurDocument.File, seed: 20_261_125);
        var statuses = new ConcurrentDictionary<int, int>();
        var bad = new ConcurrentQueue<string>();

        await SendAsync(http, requests, s_requests / 2, statuses, bad);
        var first = GC.GetTotalMemory(forceFullCollection: true);
        await SendAsync(http, requests, s_requests / 2, statuses, bad);
        var second = GC.GetTotalMemory(forceFullCollection: true);

        var summary = $"fuzz: {s_requests} requests, {string.Join(", ", statuses.OrderBy(one => one.Key).Select(one => $"{one.Value} × {one.Key}"))}; "
            + $"memory {first >> 20} MiB after half, {second >> 20} MiB after all";
        output.WriteLine(summary);
        Console.WriteLine(summary);
        Assert.True(bad.IsEmpty, string.Join('\n', bad.Take(20)));
        Assert.InRange(second, 0, (long)(first * 1.3) + Slack);
        Assert.True(statuses.Where(one => one.Key is >= 200 and < 300).Sum(one => one.Value) > s_requests / 50, "Hardly any request was taken: the generator reaches nothing.");
    }

    private static async Task SendAsync(
        HttpClient http, RandomRequests requests, int count, ConcurrentDictionary<int, int> statuses, ConcurrentQueue<string> bad)
    {
        var left = count;
        var one = new Lock();
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                HttpRequestMessage request;
                lock (one) request = requests.Next().Request;
                using (request)
                {
                    var (status, answer) = await AnswerAsync(http, request);
                    statuses.AddOrUpdate(status, 1, (_, before) => before + 1);
                    if (status is >= 500 or 0)
                        bad.Enqueue($"{status} {request.Method} {request.RequestUri}\n  {(request.Content is null ? "" : await request.Content.ReadAsStringAsync(ContractHost.Cancel))}\n  {answer}");
                    if (status is 200 or 201) lock (one) requests.Learn(answer);
                }
            }
        }));
    }

    private static async Task<(int Status, string Answer)> AnswerAsync(HttpClient http, HttpRequestMessage request)
    {
        try
        {
            using var answer = await http.SendAsync(request, ContractHost.Cancel);
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(ContractHost.Cancel));
        }
        catch (TaskCanceledException) when (!ContractHost.Cancel.IsCancellationRequested)
        {
            return (0, "no answer in time");
        }
        catch (HttpRequestException broken)
        {
            return (0, broken.ToString());
        }
    }
}
