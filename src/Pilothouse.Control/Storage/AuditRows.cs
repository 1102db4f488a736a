namespace Pilothouse.Control.Storage;

/// <summary>One change through the API, or one that was refused for want of a permission. Written once, never changed; no values of anything.</summary>
public sealed class AuditRow
{
    public long Sequence { get; set; }
    public DateTimeOffset At { get; set; }
    public Guid OrganizationId { get; set; }

    /// <summary>Null: the caller reached none.</summary>
    public Guid? WorkspaceId { get; set; }

    public Guid? UserId { get; set; }
    public Guid? ApiKeyId { get; set; }

    /// <summary>Of the key or the user, as it was then.</summary>
    public required string ActorName { get; set; }

    /// <summary>e.g. <c>create_deployment</c>.</summary>
    public required string Operation { get; set; }

    public required string ResourceType { get; set; }
    public string? ResourceId { get; set; }

    /// <summary><c>succeeded refused</c>.</summary>
    public required string Outcome { get; set; }

    public int Status { get; set; }
    public required string RequestId { get; set; }
    public string? RemoteAddress { get; set; }
}
