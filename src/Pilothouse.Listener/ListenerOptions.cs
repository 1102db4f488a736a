using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Listener;

/// <summary>How this listener works. Durations that callers feel are named here and nowhere else.</summary>
public sealed class ListenerOptions
{
    public const string Section = "Listener";

    /// <summary>Who this listener is to the control plane; <c>serve</c> sets it for the one inside.</summary>
    public Guid ListenerId { get; set; }

    /// <summary>Absolute. Holds <c>artifacts/</c>, <c>state/</c>, <c>scratch/</c> and <c>state-backups/</c>.</summary>
    [Required]
    public string DataDirectory { get; set; } = "";

    /// <summary>Absolute. Holds <c>artifacts/</c> where several control planes share them; null: the data directory does.</summary>
    public string? SharedDirectory { get; set; }

    /// <summary>After it a revision that is not healthy is reported as failed and late; it is still watched, and a late success counts.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "06:00:00")]
    public TimeSpan ReadyLimit { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// What work under way is given before its replica is stopped: once while nobody is held, once during the hold. The serving revision's own
    /// <c>BG_JOB_SHUTDOWN_GRACE_PERIOD_SECS</c> (at most an hour) wins over it.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan DrainLimit { get; set; } = TimeSpan.FromSeconds(180);

    /// <summary>
    /// While callers are held, the new replica must be ready on the real state within this, or three times what it took on scratch state when
    /// that is longer; else the old one comes back.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan SwitchReadyLimit { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The least that a held caller may wait before it is refused. Raised by itself above the sum of all that may happen in a hold.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "12:00:00")]
    public TimeSpan HoldLimit { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Copies of each deployment's state folder that are kept.</summary>
    [Range(1, 100)]
    public int StateCopies { get; set; } = 3;

    /// <summary>A larger state folder is not copied before a switch, since callers wait for it; the event says so. 4 GiB.</summary>
    [Range(0, long.MaxValue)]
    public long StateCopyLimitBytes { get; set; } = 4L * 1024 * 1024 * 1024;

    /// <summary>How long one pull may wait for news.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan PullWait { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>Lines of one deployment that wait while the control plane is away; the oldest go first.</summary>
    [Range(100, 1_000_000)]
    public int LogBufferLines { get; set; } = 5_000;

    /// <summary>The same in memory: 4 MiB, so that lines of any length cost no more.</summary>
    [Range(100_000, long.MaxValue)]
    public long LogBufferBytes { get; set; } = 4L * 1024 * 1024;
}

[OptionsValidator]
internal sealed partial class ListenerOptionsValidator : IValidateOptions<ListenerOptions>;
