using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Uploads;

/// <summary>Archives of source that clients send.</summary>
public sealed class UploadsOptions
{
    public const string Section = "Uploads";

    /// <summary>How long an upload URL may be used.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Of one archive, compressed. 200 MiB, as the clients have it.</summary>
    [Range(1, long.MaxValue)]
    public long LimitBytes { get; set; } = 200L * 1024 * 1024;

    /// <summary>Archives of this many newest revisions of each deployment are kept, so that they can be deployed again; so is the serving one's.</summary>
    [Range(1, 10_000)]
    public int KeptRevisions { get; set; } = 10;

    /// <summary>An archive that no revision names is kept this long: the revision that will name it may be under way.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan KeptUnused { get; set; } = TimeSpan.FromHours(24);
}

[OptionsValidator]
internal sealed partial class UploadsOptionsValidator : IValidateOptions<UploadsOptions>;
