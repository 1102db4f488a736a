namespace Pilothouse.Contracts.Access;

/// <summary>A tenant: what is in one is seen in no other.</summary>
public sealed record Workspace
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Oldest first.</summary>
/// <param name="Offset">To send for the next page.</param>
public sealed record WorkspacesList(IReadOnlyList<Workspace> Resources, int Offset);

/// <summary>Name of a workspace, or of the organization, that is made or renamed.</summary>
/// <param name="Name">1 to 128 characters.</param>
public sealed record WorkspaceName(string Name);

/// <summary>The owner of workspaces.</summary>
public sealed record OrganizationAnswer
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Who the caller is.</summary>
public sealed record Me
{
    public required Guid OrganizationId { get; init; }
    public required Guid WorkspaceId { get; init; }

    /// <summary>Null for a service key.</summary>
    public Guid? UserId { get; init; }

    /// <summary>Null for a token.</summary>
    public Guid? ApiKeyId { get; init; }

    /// <summary>Of a listener's key: its listener.</summary>
    public Guid? ListenerId { get; init; }

    /// <summary>Of the key, or the user's email.</summary>
    public required string Name { get; init; }

    /// <summary>In the workspace.</summary>
    public required string Role { get; init; }

    public required bool IsOrganizationAdmin { get; init; }

    /// <summary>Sorted.</summary>
    public required IReadOnlyList<string> Permissions { get; init; }

    /// <summary>Of the key.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
