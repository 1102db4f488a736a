using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Overload;

/// <summary>
/// What this control plane takes on of the API at a time. Calls of agents through the gateway are not counted: those are bounded by
/// <c>Forwarding</c> and by the agents.
/// </summary>
public sealed class OverloadOptions
{
    public const string Section = "Overload";

    /// <summary>Of one API key, or one user's token, for long; beyond it 429 with <c>Retry-After</c>. Each control plane counts for itself.</summary>
    [Range(1, 1_000_000)]
    public int KeyRequestsPerSecond { get; set; } = 1_000;

    /// <summary>What one key may send at once after a pause, above its rate.</summary>
    [Range(1, 10_000_000)]
    public int KeyBurst { get; set; } = 5_000;

    /// <summary>Of all keys and users of one workspace, for long; beyond it 429 with <c>Retry-After</c>.</summary>
    [Range(1, 1_000_000)]
    public int WorkspaceRequestsPerSecond { get; set; } = 2_000;

    /// <summary>What one workspace may send at once after a pause, above its rate.</summary>
    [Range(1, 10_000_000)]
    public int WorkspaceBurst { get; set; } = 10_000;

    /// <summary>
    /// Requests of one workspace under way at a time; beyond it 429. Those that only wait (<c>Prefer: wait</c>, event streams) have limits of their
    /// own, see <c>Events</c>.
    /// </summary>
    [Range(1, 100_000)]
    public int ConcurrentRequestsPerWorkspace { get; set; } = 256;

    /// <summary>Requests of all callers under way at a time; beyond it 503 with <c>Retry-After</c>, at once and before anything is read.</summary>
    [Range(1, 1_000_000)]
    public int ConcurrentRequests { get; set; } = 1_024;

    /// <summary>
    /// Connections to this process, also those of agents' callers; one beyond it is closed at once. Each call of an agent takes two files of the process,
    /// so that half of what it may open (<c>ulimit -n</c>) is a good number.
    /// </summary>
    [Range(1, 10_000_000)]
    public int ConcurrentConnections { get; set; } = 10_000;

    /// <summary>Archives that arrive at a time; beyond it 503 with <c>Retry-After</c>.</summary>
    [Range(1, 100_000)]
    public int ConcurrentUploads { get; set; } = 64;
}

[OptionsValidator]
internal sealed partial class OverloadOptionsValidator : IValidateOptions<OverloadOptions>;
