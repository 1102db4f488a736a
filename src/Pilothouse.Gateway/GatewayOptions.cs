using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Gateway;

/// <summary>How requests are sent on to agents.</summary>
public sealed class GatewayOptions
{
    public const string Section = "Forwarding";

    /// <summary>Longest request body, 300 MB as the agent servers' own limit; above it 413.</summary>
    [Range(1, long.MaxValue)]
    public long MaxBodyBytes { get; set; } = 300L * 1000 * 1000;

    /// <summary>Callers of one deployment that may wait during a switch, and as many for a replica that restarts; above it 503 with Retry-After.</summary>
    [Range(1, 1_000_000)]
    public int MaxHeld { get; set; } = 20_000;

    /// <summary>How long a request waits for a replica that restarts, before 503. Nothing of it was sent by then.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan RestartLimit { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Silence of both sides after which a request is given up.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "7.00:00:00")]
    public TimeSpan SilenceLimit { get; set; } = TimeSpan.FromHours(24);
}

[OptionsValidator]
internal sealed partial class GatewayOptionsValidator : IValidateOptions<GatewayOptions>;
