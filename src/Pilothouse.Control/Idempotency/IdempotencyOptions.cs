using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Idempotency;

public sealed class IdempotencyOptions
{
    public const string Section = "Idempotency";

    /// <summary>For so long the same <c>Idempotency-Key</c> gets the same answer.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan KeptFor { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// A request whose process died may be run again after this; one with <c>Prefer: wait</c> after its wait besides. On SQLite a restart ends it
    /// at once.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:05", "01:00:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Of one caller in one workspace; a new key beyond it is a 429 until old ones end.</summary>
    [Range(10, 1_000_000)]
    public int MaxKeysPerCaller { get; set; } = 20_000;

    /// <summary>Larger answers are not kept: a repeated request is then told so, and not run again.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int MaxAnswerBytes { get; set; } = 1024 * 1024;
}

[OptionsValidator]
internal sealed partial class IdempotencyOptionsValidator : IValidateOptions<IdempotencyOptions>;
