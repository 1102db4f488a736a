namespace Pilothouse.Contracts.Access;

/// <summary>Kinds of keys.</summary>
public static class KeyKinds
{
    /// <summary><c>lsv2_sk_…</c>, with a role of its own.</summary>
    public const string Service = "service";

    /// <summary><c>lsv2_pt_…</c>, which may what its user may.</summary>
    public const string Personal = "personal";

    /// <summary><c>lsv2_sk_…</c>, with which one listener speaks to the control plane, and nobody does anything else.</summary>
    public const string Listener = "listener";
}

/// <summary>A key as it is listed: never its text.</summary>
public record ApiKey
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }

    /// <summary><c>service personal listener</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Its first characters, to tell keys apart.</summary>
    public required string Prefix { get; init; }

    /// <summary>Null: it reaches every workspace that its role, or its user, reaches.</summary>
    public Guid? WorkspaceId { get; init; }

    /// <summary>Of a service key; null for a personal one.</summary>
    public string? Role { get; init; }

    /// <summary>Of a personal key.</summary>
    public Guid? UserId { get; init; }

    /// <summary>Of a listener's key: the one listener that it is for.</summary>
    public Guid? ListenerId { get; init; }

    /// <summary>Manages the organization, whatever its role.</summary>
    public bool IsOrganizationAdmin { get; init; }

    /// <summary>The user or the key that made it; null for the first.</summary>
    public Guid? CreatedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>To the minute or so; null before its first use.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }
}

/// <summary>The one answer that holds the key itself.</summary>
public sealed record NewApiKey : ApiKey
{
    /// <summary>Shown once, and stored nowhere.</summary>
    public required string Key { get; init; }
}

/// <summary>Oldest first.</summary>
/// <param name="Offset">To send for the next page.</param>
public sealed record ApiKeysList(IReadOnlyList<ApiKey> Resources, int Offset);

/// <summary>A key to be made. It holds nothing that its maker does not hold: permissions, workspaces, time.</summary>
public sealed record ApiKeyCreate
{
    /// <summary>1 to 128 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Of a service key; required there, and no field of personal keys.</summary>
    public string? Role { get; init; }

    /// <summary><c>workspace</c> (default for service keys) or <c>organization</c> (default for personal ones).</summary>
    public string? Scope { get; init; }

    /// <summary>For the scope <c>workspace</c>; the caller's own when null.</summary>
    public Guid? WorkspaceId { get; init; }

    /// <summary>Only administrators of the organization make such keys.</summary>
    public bool? IsOrganizationAdmin { get; init; }

    /// <summary>Null: that of the key that makes it, or none.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
