using Pilothouse.Core;

namespace Pilothouse.Control.Access;

/// <summary>What a caller showed: a service key, a personal key, or a user's token.</summary>
internal sealed record Credential
{
    public required OrganizationId Organization { get; init; }

    /// <summary>Id of the key's row; null for a token.</summary>
    public Guid? Key { get; init; }

    /// <summary>The user behind a personal key or a token; null for a service key.</summary>
    public Guid? User { get; init; }

    /// <summary>Of a listener's key: its listener.</summary>
    public Guid? Listener { get; init; }

    /// <summary>Null: not bound to one.</summary>
    public WorkspaceId? Workspace { get; init; }

    /// <summary>Of a service key.</summary>
    public string Role { get; init; } = Roles.OfUser;

    /// <summary>Of a service key that manages the organization.</summary>
    public bool IsOrganizationAdmin { get; init; }

    /// <summary>Of the key; tokens expire too, but nothing that they make does for that.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>For people: the key's or the user's name.</summary>
    public required string Name { get; init; }
}

/// <summary>What a credential may do in one workspace.</summary>
/// <param name="Role">For people; the permissions decide.</param>
/// <param name="IsOrganizationAdmin">May do everything in its organization but what listeners do.</param>
internal sealed record Grant(string Role, bool IsOrganizationAdmin, IReadOnlySet<string> Permissions)
{
    public bool May(string permission) => (IsOrganizationAdmin && permission is not Access.Permissions.ServeListener) || Permissions.Contains(permission);

    /// <summary>Those of the given ones that it lacks.</summary>
    public IReadOnlyList<string> Lacks(IEnumerable<string> permissions) => [.. permissions.Where(one => !May(one)).Order(StringComparer.Ordinal)];
}
