using Pilothouse.Core;

namespace Pilothouse.Control.Access;

/// <summary>What is remembered of keys, users, roles and workspaces.</summary>
internal sealed class AccessCaches(TimeProvider clock)
{
    /// <summary>What another control plane on the same store changed is noticed within this, also while its news do not arrive.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromSeconds(1);

    /// <summary>Agents answer their callers while the store is away, for this long; nobody can revoke a key meanwhile.</summary>
    public static readonly TimeSpan StaleLimit = TimeSpan.FromMinutes(1);

    /// <summary>How long a store that does not say a word is waited for, where something older would do.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Something was changed here, for the other control planes. Handlers must not block or throw.</summary>
    public event Action? Forgotten;

    /// <summary>Somebody, here or elsewhere, changed who may what: what goes on under a key is looked at again. Handlers must not block or throw.</summary>
    public event Action? Cleared;

    /// <summary>By the hash of the key, in hex.</summary>
    public AccessCache<string, Credential> Keys { get; } = new(clock);

    public AccessCache<Guid, KnownUser> Users { get; } = new(clock);

    public AccessCache<(string Issuer, string Subject), SubjectUser> Subjects { get; } = new(clock);

    public AccessCache<(OrganizationId Organization, string Role), IReadOnlySet<string>> Roles { get; } = new(clock);

    public AccessCache<WorkspaceId, WorkspaceOwner> Workspaces { get; } = new(clock);

    /// <summary>After each change of who may what, once it is committed: effective for the next request.</summary>
    public void Forget()
    {
        Clear();
        Forgotten?.Invoke();
    }

    /// <summary>Somebody else changed something.</summary>
    public void Clear()
    {
        Keys.Clear();
        Users.Clear();
        Subjects.Clear();
        Roles.Clear();
        Workspaces.Clear();
        Cleared?.Invoke();
    }
}

/// <param name="Roles">Of the workspaces that the user is a member of.</param>
internal sealed record KnownUser(
    Guid Id, OrganizationId Organization, string Email, bool IsOrganizationAdmin, IReadOnlyDictionary<WorkspaceId, string> Roles);

internal sealed record SubjectUser(Guid User);

internal sealed record WorkspaceOwner(OrganizationId Organization);
