using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Peers;

/// <summary>Several control planes on one PostgreSQL. Each serves the API; one at a time runs the agents, and the others send their callers there.</summary>
public sealed class PeersOptions : IValidatableObject
{
    public const string Section = "Peers";

    /// <summary>
    /// Where the other control planes reach this one, e.g. <c>http://10.0.0.5:8787</c>; null: at its first address, which is right where all are on one machine.
    /// </summary>
    public string? Address { get; set; }

    /// <summary>When the control plane that runs the agents was not heard of for this long, another one runs them.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:10:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Whether control planes tell one another what changed (LISTEN/NOTIFY). Without it everything is noticed at the next <c>Reconciling:Resync</c>, and a revoked
    /// key after a second: for a pooler that keeps no sessions between them and PostgreSQL.
    /// </summary>
    public bool News { get; set; } = true;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Address is not null && (!Uri.TryCreate(Address, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.AbsolutePath is not "/"))
            yield return new ValidationResult($"{Section}:{nameof(Address)} is no address like http://10.0.0.5:8787.", [nameof(Address)]);
    }
}

[OptionsValidator]
internal sealed partial class PeersOptionsValidator : IValidateOptions<PeersOptions>;
