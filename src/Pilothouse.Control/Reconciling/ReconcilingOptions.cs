using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Reconciling;

/// <summary>How revisions are driven.</summary>
public sealed class ReconcilingOptions
{
    public const string Section = "Reconciling";

    /// <summary>Builds that run at once in this process; the others wait in AWAITING_BUILD.</summary>
    [Range(1, 64)]
    public int ConcurrentBuilds { get; set; } = 2;

    /// <summary>
    /// Builds that one workspace may have under way on all control planes together; null: as many as there are builders. Without it too the builder
    /// that is free next goes to the workspace with the fewest builds.
    /// </summary>
    [Range(1, 64)]
    public int? ConcurrentBuildsPerWorkspace { get; set; }

    /// <summary>A build whose control plane was not heard of for this long is taken over by another one.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "01:00:00")]
    public TimeSpan BuildLease { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often a build is tried that fails for reasons outside the project.</summary>
    [Range(1, 20)]
    public int BuildTries { get; set; } = 4;

    /// <summary>Pause before the second try; doubles with each further one.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan RetryPause { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Every unfinished revision is looked at this often, whether or not something was heard.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Resync { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often old uploads and logs are removed.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan SweepEvery { get; set; } = TimeSpan.FromHours(1);
}

[OptionsValidator]
internal sealed partial class ReconcilingOptionsValidator : IValidateOptions<ReconcilingOptions>;
