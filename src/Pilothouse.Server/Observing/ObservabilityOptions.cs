using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Server.Observing;

/// <summary>What operators see of this process: docs/operations.md.</summary>
public sealed class ObservabilityOptions : IValidatableObject
{
    public const string Section = "Observability";

    /// <summary>
    /// Where traces, metrics and logs are sent (OTLP), e.g. <c>http://collector:4317</c>; set, it counts instead of
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>. Nothing is sent where neither is set.
    /// </summary>
    public string? OtlpEndpoint { get; set => field = NullIfEmpty(value); }

    /// <summary>
    /// <c>grpc</c> or <c>http/protobuf</c>; null: as <c>OTEL_EXPORTER_OTLP_PROTOCOL</c> says, else <c>http/protobuf</c> for an endpoint with port
    /// 4318 and <c>grpc</c> for others.
    /// </summary>
    public string? OtlpProtocol { get; set => field = NullIfEmpty(value); }

    /// <summary>
    /// A further address that serves <c>/metrics</c>, <c>/healthz</c> and <c>/readyz</c> without a key, and nothing else, e.g.
    /// <c>http://127.0.0.1:9464</c>; its port must be its own. Null: none.
    /// </summary>
    public string? ManagementUrl { get; set => field = NullIfEmpty(value); }

    /// <summary>Serves <c>/metrics</c> without a key at the main address, too.</summary>
    public bool AllowAnonymousMetrics { get; set; }

    /// <summary>A store that takes longer to answer makes <c>/readyz</c> say 503.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan StoreLimit { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Null when there is none.</summary>
    internal int? ManagementPort => Uri.TryCreate(ManagementUrl, UriKind.Absolute, out var url) ? url.Port : null;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (OtlpEndpoint is { } endpoint && !IsAddress(endpoint))
            yield return new ValidationResult($"Observability:OtlpEndpoint is '{endpoint}': it must be an http or https address such as http://collector:4317.");
        if (OtlpProtocol is { } protocol && protocol is not ("grpc" or "http/protobuf"))
            yield return new ValidationResult($"Observability:OtlpProtocol is '{protocol}': it must be grpc or http/protobuf.");
        if (ManagementUrl is { } url && !(IsAddress(url) && url.StartsWith("http:", StringComparison.Ordinal) && ManagementPort > 0))
            yield return new ValidationResult($"Observability:ManagementUrl is '{url}': it must be an http address with a port, such as http://127.0.0.1:9464.");
    }

    private static bool IsAddress(string url) => Uri.TryCreate(url, UriKind.Absolute, out var address) && address is { Scheme: "http" or "https", Host.Length: > 0 };

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}

[OptionsValidator]
internal sealed partial class ObservabilityOptionsValidator : IValidateOptions<ObservabilityOptions>;
