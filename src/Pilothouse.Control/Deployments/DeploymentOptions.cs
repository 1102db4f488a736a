using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Deployments;

public sealed class DeploymentOptions
{
    public const string Section = "Deployments";

    /// <summary>
    /// Revisions of one deployment that may wait for their turn. Only the newest of them will run, so that a client which fills this has lost its
    /// way; beyond it a request is answered 429.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxQueuedRevisions { get; set; } = 200;
}

[OptionsValidator]
internal sealed partial class DeploymentOptionsValidator : IValidateOptions<DeploymentOptions>;
