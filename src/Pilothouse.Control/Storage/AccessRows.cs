namespace Pilothouse.Control.Storage;

public sealed class UserRow
{
    public Guid Id { get; set; }
    public Guid OrganizationId { get; set; }

    /// <summary>Lower case; unique in the organization.</summary>
    public required string Email { get; set; }

    public required string Name { get; set; }

    /// <summary>Of the user's tokens; null with <see cref="Subject"/> for users of keys alone.</summary>
    public string? Issuer { get; set; }

    public string? Subject { get; set; }
    public bool IsOrganizationAdmin { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? DisabledAt { get; set; }
}

public sealed class MembershipRow
{
    public Guid WorkspaceId { get; set; }
    public Guid UserId { get; set; }
    public required string Role { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>A role besides those that are built in. Never changed: a new one is made, and the old one goes when nobody has it.</summary>
public sealed class RoleRow
{
    public Guid OrganizationId { get; set; }
    public required string Name { get; set; }

    /// <summary>JSON array of texts.</summary>
    public required string Permissions { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}
