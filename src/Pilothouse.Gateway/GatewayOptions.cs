using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Gateway;

/// <summary>How callers reach agents.</summary>
public sealed class GatewayOptions
{
    public const string Section = "Gateway";

    /// <summary>Where callers reach this server, e.g. <c>http://127.0.0.1:8787</c>; agents' URLs begin with it. Null: as the request says.</summary>
    public string? PublicUrl { get; set; }

    /// <summary>Wildcard domain: agents also answer at <c>{name}-{hash}.{domain}</c>. Null: none.</summary>
    public string? Domain { get; set; }

    /// <summary>Longest request body, 300 MB as the agent servers' own limit; above it 413.</summary>
    [Range(1, long.MaxValue)]
    public long MaxBodyBytes { get; set; } = 300L * 1000 * 1000;

    /// <summary>Callers of one deployment that may wait during a switch; above it 503 with Retry-After.</summary>
    [Range(1, 1_000_000)]
    public int MaxHeld { get; set; } = 20_000;

    /// <summary>How long a request waits for a replica that does not accept connections (it restarts), before 503. Nothing was sent by then.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan ConnectLimit { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Silence of both sides after which a request is given up.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "7.00:00:00")]
    public TimeSpan SilenceLimit { get; set; } = TimeSpan.FromHours(24);
}

[OptionsValidator]
internal sealed partial class GatewayOptionsValidator : IValidateOptions<GatewayOptions>;
