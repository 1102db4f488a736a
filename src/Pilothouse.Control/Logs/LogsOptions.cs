using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Logs;

/// <summary>How much of builds' and agents' output is kept.</summary>
public sealed class LogsOptions
{
    public const string Section = "Logs";

    /// <summary>A longer line is cut, and says so. 8 KiB.</summary>
    [Range(256, 1024 * 1024)]
    public int LineLimitBytes { get; set; } = 8 * 1024;

    /// <summary>Lines of each deployment's build log, and as many of its deploy log; the oldest go first.</summary>
    [Range(100, 10_000_000)]
    public int LinesPerDeployment { get; set; } = 50_000;

    /// <summary>Older lines are removed.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Lines of one deployment's build that may wait for the store; beyond it the oldest waiting ones are dropped, and the log says so.</summary>
    [Range(100, 1_000_000)]
    public int QueueLines { get; set; } = 5_000;
}

[OptionsValidator]
internal sealed partial class LogsOptionsValidator : IValidateOptions<LogsOptions>;
