using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Runtimes.Process;

/// <summary>Settings of the process runtime.</summary>
public sealed class ProcessRuntimeOptions
{
    public const string Section = "ProcessRuntime";

    /// <summary>Of the control plane, absolute or relative to the working directory; records go to <c>replicas/</c> and throw-away state to <c>scratch/replicas/</c> in it.</summary>
    [Required]
    public string DataDirectory { get; set; } = "./.pilothouse";

    /// <summary>Replaces <c>${toolchain}</c> in launch specs.</summary>
    [Required]
    public string ToolchainDirectory { get; set; } = "";

    /// <summary>Limits by cgroups where they can be had; off: by measuring.</summary>
    public bool UsesCgroups { get; set; } = true;

    /// <summary>Ports of replicas are chosen from here, so below the range that outgoing connections take theirs from (32768 on Linux).</summary>
    [Range(1024, 65535)]
    public int FirstPort { get; set; } = 20_000;

    /// <summary>The last of them.</summary>
    [Range(1024, 65535)]
    public int LastPort { get; set; } = 32_000;

    /// <summary>Pause after the first health probe of a start; grows by a hundredth of the time passed, up to <see cref="LongestProbeInterval"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan FirstProbeInterval { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>The pauses between probes of a start grow no longer than this.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan LongestProbeInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>For one health probe.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan ProbeLimit { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How often a ready replica is probed. A failure is only written to its log: a server whose event loop is held by an agent's own work
    /// is slow, not dead, and killing it would lose the runs under way.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan WatchInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause before the first restart; doubles up to <see cref="LongestBackoff"/>, jittered by a fifth.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan FirstBackoff { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The pauses before restarts grow no longer than this; a replica in a crash loop is tried at this pace.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan LongestBackoff { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>This many exits, each before <see cref="StableAfter"/>, are a crash loop.</summary>
    [Range(2, 1000)]
    public int CrashLoopExits { get; set; } = 5;

    /// <summary>A process that ran this long starts the count of exits anew.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan StableAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long leftovers of a killed control plane may take to write their state before they are killed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan SweepLimit { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often memory is measured where no cgroup limits it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00")]
    public TimeSpan MeasureInterval { get; set; } = TimeSpan.FromSeconds(1);

    internal string ReplicasDirectory => Path.Combine(Path.GetFullPath(DataDirectory), "replicas");

    internal string ScratchDirectory => Path.Combine(Path.GetFullPath(DataDirectory), "scratch", "replicas");
}

[OptionsValidator]
internal sealed partial class ProcessRuntimeOptionsValidator : IValidateOptions<ProcessRuntimeOptions>;
