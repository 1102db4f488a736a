using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Builds;

/// <summary>Settings of the build engine on the machine itself.</summary>
public sealed class BuildsOptions
{
    public const string Section = "Builds";

    /// <summary>Of the control plane; artifacts go to <c>artifacts/{digest}</c>, builds under way to <c>builds/</c> in it.</summary>
    [Required]
    public string DataDirectory { get; set; } = "./.pilothouse";

    /// <summary>Holds <c>artifacts/</c> where several control planes share them; null: the data directory does.</summary>
    public string? SharedDirectory { get; set; }

    /// <summary>Agent servers, Node, package managers: shared by all control planes of the host.</summary>
    [Required]
    public string ToolchainDirectory { get; set; } = "";

    /// <summary>Caches of the package managers.</summary>
    [Required]
    public string CacheDirectory { get; set; } = "";

    public SandboxMode Sandbox { get; set; } = SandboxMode.Auto;

    /// <summary>Folders and files of the host that builds may read in the sandbox besides the system's and the toolchain. Absolute.</summary>
    public IList<string> ReadablePaths { get; } = [];

    /// <summary>
    /// For one build, from unpacking to artifact. Together with <c>Listener:ReadyLimit</c> below the 15 minutes that the official client waits for a
    /// revision's end.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromMinutes(9);

    /// <summary>Of all processes of one build together.</summary>
    [Range(16L << 20, long.MaxValue)]
    public long MemoryBytes { get; set; } = 4L << 30;

    /// <summary>What one build may hold on disk: source, packages, its home and temporary files.</summary>
    [Range(1L << 20, long.MaxValue)]
    public long DiskBytes { get; set; } = 10L << 30;

    /// <summary>
    /// What one build may write to its disk in a second where the kernel can hold it to that (control groups), so that others who wait for that disk,
    /// the store among them, have their turn; null: as much as it can.
    /// </summary>
    [Range(1L << 20, long.MaxValue)]
    public long? DiskWriteBytesPerSecond { get; set; } = 100L << 20;

    /// <summary>Processes of one build at the same time.</summary>
    [Range(8, 1_000_000)]
    public int Processes { get; set; } = 2_000;

    /// <summary>What the commands of one build may print, in lines.</summary>
    [Range(10, 100_000_000)]
    public int OutputLines { get; set; } = 200_000;

    /// <summary>How often memory, processes and disk of a build are measured.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00")]
    public TimeSpan MeasureInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Unpacked, all files of a source together.</summary>
    [Range(1024, long.MaxValue)]
    public long SourceBytes { get; set; } = 2L << 30;

    /// <summary>Unpacked, one file.</summary>
    [Range(1024, long.MaxValue)]
    public long SourceFileBytes { get; set; } = 1L << 30;

    /// <summary>Files and folders of a source.</summary>
    [Range(1, 10_000_000)]
    public int SourceEntries { get; set; } = 200_000;

    /// <summary>Folders inside one another.</summary>
    [Range(1, 1000)]
    public int SourceDepth { get; set; } = 64;

    /// <summary>Of one path in a source, UTF-8. The system's own limit is 4096 with the folder that it is unpacked to.</summary>
    [Range(16, 3000)]
    public int SourcePathBytes { get; set; } = 1024;

    /// <summary>Unpacked bytes for one packed byte, looked at from 32 MiB on; deflate gives up to 1030, real sources 3 to 20.</summary>
    [Range(2, 2000)]
    public int SourceRatio { get; set; } = 200;

    /// <summary>An artifact that was built or asked for this lately is kept though no deployment uses it yet.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan ArtifactGrace { get; set; } = TimeSpan.FromHours(1);

    internal string ArtifactsDirectory => Path.Combine(Path.GetFullPath(SharedDirectory ?? DataDirectory), "artifacts");

    internal string TransfersDirectory => Path.Combine(Path.GetFullPath(DataDirectory), "transfers");

    internal string BuildsDirectory => Path.Combine(Path.GetFullPath(DataDirectory), "builds");
}

/// <summary>Whether programs of a project run in bubblewrap's sandbox.</summary>
public enum SandboxMode
{
    /// <summary>Where bubblewrap works; else without, and the build log says so.</summary>
    Auto,

    /// <summary>Builds wait until bubblewrap works.</summary>
    Required,

    Off,
}

[OptionsValidator]
internal sealed partial class BuildsOptionsValidator : IValidateOptions<BuildsOptions>;
