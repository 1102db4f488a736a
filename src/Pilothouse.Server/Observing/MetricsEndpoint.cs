using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Pilothouse.Server.Observing;

/// <summary>
/// <c>GET /metrics</c> in Prometheus' text format or OpenMetrics, as the scraper asks. Measuring begins with the first scrape: a process that
/// nobody scrapes pays nothing.
/// </summary>
internal sealed class MetricsEndpoint : IDisposable
{
    private readonly Lazy<(MeterProvider Meters, RequestDelegate Answer)> _scrape;

    public MetricsEndpoint(IServiceProvider services) => _scrape = new Lazy<(MeterProvider, RequestDelegate)>(() =>
    {
        var meters = Sdk.CreateMeterProviderBuilder().AddMeter(Telemetry.Meters).AddPrometheusExporter().Build();
        var app = new ApplicationBuilder(services);
        app.UseOpenTelemetryPrometheusScrapingEndpoint(meters, predicate: _ => true, path: null, configureBranchedPipeline: null, optionsName: null);
        return (meters, app.Build());
    });

    public Task AnswerAsync(HttpContext http) => _scrape.Value.Answer(http);

    public void Dispose()
    {
        if (_scrape.IsValueCreated) _scrape.Value.Meters.Dispose();
    }
}
