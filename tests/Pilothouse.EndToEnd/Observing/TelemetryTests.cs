using System.Net;
using System.Text.RegularExpressions;
using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.Observing;

/// <summary>What an operator's collector and scraper get of a server that builds, deploys and serves.</summary>
public sealed partial class TelemetryTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Caller = "b7ad6b7169203331";
    private const string Secret = "seeded-secret-4711-value";

    [Fact]
    public async Task One_trace_leads_from_the_request_through_the_build_to_the_replica_and_numbers_stay_bounded()
    {
        await using var collector = await OtlpCollector.StartAsync();
        var management = new Uri($"http://127.0.0.1:{FreePort.Take()}");
        await using var server = await RunningServer.StartAsync(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Observability:OtlpEndpoint"] = collector.Address,
            ["Observability:OtlpProtocol"] = "http/protobuf",
            ["Observability:ManagementUrl"] = management.AbsoluteUri,
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
            ["OTEL_BLRP_SCHEDULE_DELAY"] = "100",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
        });
        using var scraper = new HttpClient { BaseAddress = management };
        await ScrapeAsync(scraper);
        var control = new ControlPlane(server);
        control.Http.DefaultRequestHeaders.Add("traceparent", $"00-{Trace}-{Caller}-01");
        var deployment = (await control.CreateAsync("traced")).GetProperty("id").GetString()!;

        var revision = await control.DeployAsync(
            deployment, Tarball.OfFolder(Repository.Sample("echo-js")), secrets: new[] { new { name = "SEEDED", value = Secret } });
        await control.UntilAsync(deployment, revision);
        await (await control.AgentAsync(deployment)).AskAsync("hello");
        using var answer = await control.Http.GetAsync(new Uri("/v2/deployments", UriKind.Relative), Repository.Cancel);
        Assert.Matches($"^00-{Trace}-[0-9a-f]{{16}}-01$", answer.Headers.GetValues("traceresponse").Single());

        await TraceIsWholeAsync(collector);
        await NumbersAreThereAsync(scraper, control, [deployment, revision, "traced"]);
        await Eventually.TrueAsync(() => collector.Metrics > 0);
        await Eventually.TrueAsync(() => collector.Logs.Any(log => log.Trace == Trace));
        var sent = collector.Raw;
        Assert.All((string[])[Secret, server.Key], text => Assert.DoesNotContain(text, sent, StringComparison.Ordinal));
        Assert.Contains("/uploads/{token}", sent, StringComparison.Ordinal);
        Assert.DoesNotMatch(UploadUrl(), sent);
    }

    private static async Task TraceIsWholeAsync(OtlpCollector collector)
    {
        string[] expected =
        [
            "PATCH /v2/deployments/{deployment_id}", "wait for build", "build revision", "unpack and check source", "install JavaScript project",
            "store artifact", "start replica", "replica ready", "switch callers", "revision DEPLOYED",
        ];
        await Eventually.ReadAsync(
            () => string.Join(", ", expected.Except(Of(collector).Select(span => span.Name), StringComparer.Ordinal)), missing => missing.Length == 0);

        var spans = Of(collector);
        var known = spans.Select(span => span.Id).Append(Caller).ToHashSet(StringComparer.Ordinal);
        Assert.All(spans, span => Assert.Contains(span.Parent, known));
        var request = spans.Single(span => span.Name == expected[0]);
        Assert.All((string[])["wait for build", "build revision", "switch callers", "revision DEPLOYED"], name =>
            Assert.Equal(request.Id, spans.Single(span => span.Name == name).Parent));
        Assert.Equal(spans.Single(span => span.Name == "build revision").Id, spans.Single(span => span.Name == "store artifact").Parent);
    }

    private static List<Span> Of(OtlpCollector collector) => [.. collector.Spans.Where(span => span.Trace == Trace)];

    private static async Task NumbersAreThereAsync(HttpClient scraper, ControlPlane control, string[] names)
    {
        var first = await ScrapeAsync(scraper);
        for (var index = 0; index < 10; index++) await control.CreateAsync($"more-{index}");
        var second = await ScrapeAsync(scraper);

        string[] wanted =
        [
            "pilothouse_loop_passes_total", "pilothouse_loop_lag_seconds_bucket", "pilothouse_loop_pass_duration_seconds_sum", "pilothouse_loop_queued",
            "pilothouse_revisions_queued", "pilothouse_revisions_oldest_wait_seconds", "pilothouse_builds_running", "pilothouse_build_duration_seconds_count",
            "pilothouse_lease_losses_total", "pilothouse_gateway_requests_total", "pilothouse_gateway_request_duration_seconds_count",
            "pilothouse_gateway_active", "pilothouse_gateway_held", "pilothouse_replicas_running", "pilothouse_replica_restarts_total",
            "pilothouse_replica_ready_duration_seconds_count", "pilothouse_listener_poll_age_seconds", "pilothouse_logs_dropped_total",
            "pilothouse_listener_logs_dropped_total", "http_server_request_duration_seconds_count",
        ];
        Assert.Empty(wanted.Except(second.Names, StringComparer.Ordinal));
        Assert.Equal(1, second.Sum("pilothouse_build_duration_seconds_count", "result=\"built\""));
        Assert.Equal(1, second.Sum("pilothouse_replicas_running", "phase=\"ready\""));
        Assert.Equal(1, second.Sum("pilothouse_gateway_requests_total", "outcome=\"2xx\""));
        Assert.Equal(0, second.Sum("pilothouse_gateway_active"));

        // What is deployed is in no label, however much it is.
        Assert.All(second.Series.Keys, series => Assert.False(Identifier().IsMatch(series) || names.Any(name => series.Contains(name, StringComparison.Ordinal)), series));
        Assert.Equal(Ours(first), Ours(second));
    }

    /// <summary>Counters that had nothing to count are there after their first.</summary>
    private static IEnumerable<string> Ours(Scrape scrape) => scrape.Series.Keys
        .Where(series => series.StartsWith("pilothouse_", StringComparison.Ordinal) && !series.StartsWith("pilothouse_loop_pass", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal);

    private static async Task<Scrape> ScrapeAsync(HttpClient scraper)
    {
        using var answer = await scraper.GetAsync(new Uri("/metrics", UriKind.Relative), Repository.Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return Scrape.Of(await answer.Content.ReadAsStringAsync(Repository.Cancel));
    }

    /// <summary>Its path is the permission.</summary>
    [GeneratedRegex(@"/uploads/(?!\{token\})", RegexOptions.None, 1000)]
    private static partial Regex UploadUrl();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{32}", RegexOptions.None, 1000)]
    private static partial Regex Identifier();
}
