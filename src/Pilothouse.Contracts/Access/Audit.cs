namespace Pilothouse.Contracts.Access;

/// <summary>One change through the API, or one that was refused for want of a permission.</summary>
public sealed record AuditEntry
{
    /// <summary>Ascending in the order of writing.</summary>
    public required long Sequence { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Null when the caller reached no workspace.</summary>
    public Guid? WorkspaceId { get; init; }

    /// <summary>The user, through a personal key or a token; null for a service key.</summary>
    public Guid? UserId { get; init; }

    /// <summary>Null for a token.</summary>
    public Guid? ApiKeyId { get; init; }

    /// <summary>Name of the key, or email of the user, as it was then.</summary>
    public required string ActorName { get; init; }

    /// <summary>E.g. <c>create_deployment update_deployment delete_deployment</c>.</summary>
    public required string Operation { get; init; }

    /// <summary>E.g. <c>deployment</c>.</summary>
    public required string ResourceType { get; init; }

    public string? ResourceId { get; init; }

    /// <summary><c>succeeded refused</c>.</summary>
    public required string Outcome { get; init; }

    /// <summary>HTTP status of the answer.</summary>
    public required int Status { get; init; }

    public required string RequestId { get; init; }
    public string? RemoteAddress { get; init; }
}

/// <summary>Newest first.</summary>
/// <param name="Offset">To send for the next page.</param>
public sealed record AuditEntriesList(IReadOnlyList<AuditEntry> Resources, int Offset);
