namespace Pilothouse.Control.Storage;

/// <summary>A tracing project that must go once its deployment is gone. Outlives the deployment's own row.</summary>
public sealed class TracingDeletionRow
{
    public Guid DeploymentId { get; set; }
    public Guid WorkspaceId { get; set; }

    /// <summary>Of the project: the deployment's.</summary>
    public required string Name { get; set; }

    public DateTimeOffset RequestedAt { get; set; }
}
