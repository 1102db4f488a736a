namespace Pilothouse.Control.Storage;

/// <summary>A word that a workspace sorts its things by, e.g. <c>team</c>.</summary>
public sealed class TagKeyRow
{
    public Guid Id { get; set; }
    public Guid WorkspaceId { get; set; }

    /// <summary>Unique in the workspace.</summary>
    public required string Key { get; set; }

    public string? Description { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>What a key may be on a thing, e.g. <c>payments</c>.</summary>
public sealed class TagValueRow
{
    public Guid Id { get; set; }
    public Guid WorkspaceId { get; set; }
    public Guid TagKeyId { get; set; }

    /// <summary>Unique under the key.</summary>
    public required string Value { get; set; }

    public string? Description { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>A value on a deployment; goes with either.</summary>
public sealed class TaggingRow
{
    public Guid Id { get; set; }
    public Guid WorkspaceId { get; set; }
    public Guid TagValueId { get; set; }
    public Guid DeploymentId { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}
