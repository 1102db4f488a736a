using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Listener.Remote;

/// <summary>The control plane that a listener on a machine of its own serves, and as whom.</summary>
public sealed class ControlPlaneOptions : IValidatableObject
{
    public const string Section = "ControlPlane";

    /// <summary>E.g. <c>https://pilothouse.corp</c>; a path (<c>…/api-host</c>) is kept.</summary>
    [Required]
    public string Url { get; set; } = "";

    /// <summary>
    /// A key of the listener, or one of its workspace that may make listeners: with that one the listener makes its row and a key of its own. Best as
    /// <c>PILOTHOUSE_ControlPlane__Key</c>, or in <see cref="KeyFile"/>.
    /// </summary>
    public string? Key { get; set; }

    /// <summary>Holds the key instead; read again when it changes, so that a key is exchanged without a stop.</summary>
    public string? KeyFile { get; set; }

    /// <summary>Which listener, by its id; or <see cref="ComputeId"/>.</summary>
    public Guid? ListenerId { get; set; }

    /// <summary>Which listener, by the name of what it runs on; made when the workspace has none of that name.</summary>
    public string? ComputeId { get; set; }

    /// <summary>PEM file with certificate authorities to trust besides the system's.</summary>
    public string? CaFile { get; set; }

    /// <summary>How long a caller's key that was good is taken for good while the control plane does not answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan CallerStaleLimit { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Of options that no host has checked; empty when there are none.</summary>
    public static IReadOnlyList<string> Faults(ControlPlaneOptions options) =>
        [.. new ControlPlaneOptionsValidator().Validate(Section, options).Failures ?? []];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Url.Length > 0 && !(Uri.TryCreate(Url, UriKind.Absolute, out var url) && url is { Scheme: "http" or "https", UserInfo: "", Query: "", Fragment: "" }))
            yield return new ValidationResult($"{Section}:{nameof(Url)} is '{Url}': it must be an http or https address such as https://pilothouse.corp (--control-plane).");
        if (string.IsNullOrWhiteSpace(Key) && KeyFile is null)
            yield return new ValidationResult($"{Section}:{nameof(Key)} is missing: give the listener's key with --key, --key-file or PILOTHOUSE_ControlPlane__Key.");
        if (!string.IsNullOrWhiteSpace(Key) && KeyFile is not null)
            yield return new ValidationResult($"{Section}:{nameof(Key)} and {Section}:{nameof(KeyFile)} exclude each other: give one.");
        if (ListenerId is null == string.IsNullOrWhiteSpace(ComputeId))
            yield return new ValidationResult($"Give one of {Section}:{nameof(ListenerId)} (--listener-id) and {Section}:{nameof(ComputeId)} (--compute-id).");
    }
}

[OptionsValidator]
internal sealed partial class ControlPlaneOptionsValidator : IValidateOptions<ControlPlaneOptions>;
