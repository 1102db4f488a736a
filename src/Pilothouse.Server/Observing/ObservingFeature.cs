using Microsoft.Extensions.Options;
using Pilothouse.Control.Access;

namespace Pilothouse.Server.Observing;

/// <summary>Telemetry, probes and metrics: the table of contents of the folder.</summary>
internal static class ObservingFeature
{
    public static void AddObserving(this WebApplicationBuilder builder)
    {
        builder.AddProbes();
        builder.Services.AddSingleton<ReadyChecks>();
    }

    /// <summary>Without the checks of a control plane.</summary>
    public static void AddProbes(this WebApplicationBuilder builder)
    {
        var options = builder.Configuration.GetSection(ObservabilityOptions.Section).Get<ObservabilityOptions>() ?? new ObservabilityOptions();
        Check(options, builder.Configuration["Urls"]);
        builder.Services.AddSingleton(Options.Create(options));
        builder.Services.AddSingleton<MetricsEndpoint>();
        builder.AddTelemetry(options);
    }

    /// <summary>Where the server listens beside its own addresses.</summary>
    public static IEnumerable<string> ManagementUrls(IConfiguration configuration) =>
        configuration[$"{ObservabilityOptions.Section}:{nameof(ObservabilityOptions.ManagementUrl)}"] is { Length: > 0 } url ? [url] : [];

    /// <summary>At once: what is exported and where the server listens depends on them before the host is there.</summary>
    private static void Check(ObservabilityOptions options, string? urls)
    {
        var result = new ObservabilityOptionsValidator().Validate(ObservabilityOptions.Section, options);
        if (result.Failed) throw new OptionsValidationException(ObservabilityOptions.Section, typeof(ObservabilityOptions), result.Failures);
        if (options.ManagementPort is not { } port || !Ports(urls).Contains(port)) return;
        throw new OptionsValidationException(
            ObservabilityOptions.Section, typeof(ObservabilityOptions),
            ["Observability:ManagementUrl has the port of one of the server's own addresses (--urls): choose another, as the port tells them apart."]);
    }

    private static IEnumerable<int> Ports(string? urls) => (urls ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Select(url => BindingAddress.Parse(url).Port);

    /// <summary>First in the pipeline: the management address serves three paths and nothing else.</summary>
    public static void UseManagementUrl(this WebApplication app) => app.UseProbesAtManagementUrl(app.Services.GetRequiredService<ReadyChecks>().LookAsync);

    /// <param name="look">What <c>/readyz</c> asks.</param>
    public static void UseProbesAtManagementUrl(this WebApplication app, Func<CancellationToken, Task<Readiness>> look)
    {
        if (app.Services.GetRequiredService<IOptions<ObservabilityOptions>>().Value.ManagementPort is not { } port) return;
        var metrics = app.Services.GetRequiredService<MetricsEndpoint>();
        app.MapWhen(http => http.Connection.LocalPort == port, management => management.Run(async http =>
        {
            switch (http.Request.Path.Value)
            {
                case "/metrics":
                    await metrics.AnswerAsync(http);
                    break;
                case "/healthz":
                    await Alive().ExecuteAsync(http);
                    break;
                case "/readyz":
                    await Answer(await look(http.RequestAborted)).ExecuteAsync(http);
                    break;
                default:
                    http.Response.StatusCode = StatusCodes.Status404NotFound;
                    break;
            }
        }));
    }

    public static void MapObserving(this WebApplication app)
    {
        app.MapGet("/ok", (ReadyChecks checks, CancellationToken cancellationToken) => OkAsync(checks, cancellationToken)).AllowAnybody("Probes have no key.");
        app.MapGet("/healthz", Alive).AllowAnybody("Probes have no key.");
        app.MapGet("/readyz", (ReadyChecks checks, CancellationToken cancellationToken) => ReadyAsync(checks, cancellationToken)).AllowAnybody("Probes have no key.");

        var metrics = app.MapGet("/metrics", async (MetricsEndpoint metrics, HttpContext http) =>
        {
            await metrics.AnswerAsync(http);
            return Results.Empty;
        });
        if (app.Services.GetRequiredService<IOptions<ObservabilityOptions>>().Value.AllowAnonymousMetrics) metrics.AllowAnybody("The operator said so.");
        else metrics.RequireMetricsReader();
    }

    /// <summary><c>/ok</c>: the store answers and every agent that served before has its route again; the reason until then.</summary>
    private static async Task<IResult> OkAsync(ReadyChecks checks, CancellationToken cancellationToken)
    {
        var check = await checks.StoreAsync(cancellationToken);
        if (check.Ok) check = await checks.RoutesAsync(cancellationToken);
        return check.Ok ? Alive() : Results.Json(new { detail = check.Detail }, statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static IResult Alive() => Results.Text("""{"ok":true}""", "application/json");

    private static async Task<IResult> ReadyAsync(ReadyChecks checks, CancellationToken cancellationToken) => Answer(await checks.LookAsync(cancellationToken));

    public static IResult Answer(Readiness readiness) =>
        Results.Json(readiness, statusCode: readiness.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
}
