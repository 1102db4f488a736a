using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Audit;

public sealed class AuditOptions
{
    public const string Section = "Audit";

    /// <summary>How long the audit log, and keys that were revoked or have expired, are kept.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "10000.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(400);
}

[OptionsValidator]
internal sealed partial class AuditOptionsValidator : IValidateOptions<AuditOptions>;
