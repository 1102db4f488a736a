using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Options;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Pilothouse.Server.Observing;

/// <summary>Sends traces, metrics and logs to a collector (OTLP) where one is named; else nothing of it is there, and it costs nothing.</summary>
internal static class Telemetry
{
    /// <summary>Ours, and those of the framework whose series are bounded: outgoing HTTP is not, since each replica has a port of its own.</summary>
    public static readonly string[] Meters =
    [
        "Pilothouse.*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.EntityFrameworkCore", "Npgsql", "System.Runtime",
    ];

    /// <summary>Of this program.</summary>
    public static string Version { get; } =
        typeof(Telemetry).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static void AddTelemetry(this WebApplicationBuilder builder, ObservabilityOptions options)
    {
        var settings = new OtlpSettings(builder.Configuration, options);
        if (!settings.IsOn) return;
        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(resource => resource.Clear()
            .AddService(
                builder.Configuration["OTEL_SERVICE_NAME"] ?? "pilothouse", serviceVersion: Version,
                serviceInstanceId: string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}:{Environment.ProcessId}"))
            .AddTelemetrySdk()
            .AddEnvironmentVariableDetector());
        if (settings.Of("TRACES") is { } traces) telemetry.WithTracing(tracing => Trace(tracing).AddOtlpExporter(traces));
        if (settings.Of("METRICS") is { } metrics) telemetry.WithMetrics(metering => metering.AddMeter(Meters).AddOtlpExporter(metrics));
        if (settings.Of("LOGS") is { } logs)
        {
            // Without scopes: the server's own name paths as they were asked for, and some paths are permissions (uploads).
            telemetry.WithLogging(
                logging => logging.AddOtlpExporter(logs), options => (options.IncludeFormattedMessage, options.IncludeScopes) = (true, false));
        }
    }

    private static TracerProviderBuilder Trace(TracerProviderBuilder tracing) => tracing
        .AddSource("Pilothouse.*", "Npgsql")
        .AddAspNetCoreInstrumentation(options =>
        {
            options.Filter = TracedRequests.IsTraced;
            options.EnrichWithHttpResponse = (activity, answer) => TracedRequests.Generalize(activity, answer.HttpContext);
        });
}

/// <summary>The standard variables <c>OTEL_…</c>, of the environment and of configuration; the options count before them.</summary>
internal sealed class OtlpSettings
{
    private const string Endpoint = "ENDPOINT";

    private readonly IConfiguration _configuration;

    public OtlpSettings(IConfigurationManager configuration, ObservabilityOptions options)
    {
        _configuration = configuration;
        if (options.OtlpEndpoint is { } endpoint) configuration[Key(Endpoint)] = endpoint;
        if (options.OtlpProtocol is { } protocol) configuration[Key("PROTOCOL")] = protocol;
    }

    public bool IsOn => !string.Equals(_configuration["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase)
        && ((string[])["TRACES", "METRICS", "LOGS"]).Any(signal => Of(signal) is not null);

    /// <summary>Null when the signal is not to be sent.</summary>
    /// <param name="signal">As the variables spell it.</param>
    public Action<OtlpExporterOptions>? Of(string signal)
    {
        var own = _configuration[Key($"{signal}_{Endpoint}")];
        var address = string.IsNullOrEmpty(own) ? _configuration[Key(Endpoint)] : own;
        if (string.IsNullOrEmpty(address) || _configuration[$"OTEL_{signal}_EXPORTER"] is "none") return null;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new OptionsValidationException(
                signal, typeof(OtlpExporterOptions),
                [$"{Key(string.IsNullOrEmpty(own) ? Endpoint : $"{signal}_{Endpoint}")} is '{address}': it must be an http or https address such as http://collector:4317."]);
        }

        return options =>
        {
            // The exporter reads the general variables itself; a signal's own address is taken as it is, without a path added.
            if (!string.IsNullOrEmpty(own)) options.Endpoint = url;
            if (_configuration[Key($"{signal}_HEADERS")] is { Length: > 0 } headers) options.Headers = headers;
            var protocol = _configuration[Key($"{signal}_PROTOCOL")] ?? _configuration[Key("PROTOCOL")];
            options.Protocol = protocol is "http/protobuf" || (protocol is null && url.Port == 4318)
                ? OtlpExportProtocol.HttpProtobuf
                : OtlpExportProtocol.Grpc;
        };
    }

    private static string Key(string name) => $"OTEL_EXPORTER_OTLP_{name}";
}
