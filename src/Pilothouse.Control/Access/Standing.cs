using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Access;

/// <summary>What a credential may do where.</summary>
internal sealed class Standing(IDbContextFactory<PilothouseDb> databases, AccessCaches caches, KnownUsers users, RoleBook roles)
{
    private static readonly IReadOnlySet<string> s_everything = Permissions.All.Where(permission => permission is not Permissions.ServeListener).ToHashSet(StringComparer.Ordinal);

    /// <summary>Null when it does not reach the workspace.</summary>
    public async ValueTask<Grant?> FindAsync(Credential credential, WorkspaceId workspace, CancellationToken cancellationToken)
    {
        if (credential.Workspace is { } own && own != workspace) return null;
        if (credential.User is { } id) return await OfUserAsync(id, workspace, isBound: credential.Workspace is not null, cancellationToken);
        if (credential.Workspace is null && !await IsOfAsync(credential.Organization, workspace, cancellationToken)) return null;
        var permissions = await roles.FindAsync(credential.Organization, credential.Role, cancellationToken);
        return new Grant(credential.Role, credential.IsOrganizationAdmin, permissions ?? new HashSet<string>(StringComparer.Ordinal));
    }

    /// <summary>The one workspace that a credential can mean without naming it; null when there are several, or none.</summary>
    public async ValueTask<WorkspaceId?> OnlyWorkspaceAsync(Credential credential, CancellationToken cancellationToken)
    {
        if (credential.Workspace is { } own) return own;
        if (credential.User is not { } id || await users.FindAsync(id, cancellationToken) is not { } user) return null;
        if (!user.IsOrganizationAdmin) return user.Roles.Count == 1 ? user.Roles.Keys.Single() : null;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var all = await db.Workspaces.Where(row => row.OrganizationId == user.Organization.Value).Select(row => row.Id).Take(2).ToListAsync(cancellationToken);
        return all.Count == 1 ? new WorkspaceId(all[0]) : null;
    }

    /// <param name="isBound">By a key for this workspace alone, which manages nothing beyond it.</param>
    private async ValueTask<Grant?> OfUserAsync(Guid id, WorkspaceId workspace, bool isBound, CancellationToken cancellationToken)
    {
        if (await users.FindAsync(id, cancellationToken) is not { } user) return null;
        if (user.IsOrganizationAdmin)
        {
            if (!await IsOfAsync(user.Organization, workspace, cancellationToken)) return null;
            return isBound
                ? new Grant(Roles.Admin, IsOrganizationAdmin: false, Roles.PermissionsOf(Roles.Admin)!)
                : new Grant(Roles.Admin, IsOrganizationAdmin: true, s_everything);
        }

        if (!user.Roles.TryGetValue(workspace, out var role)) return null;
        var permissions = await roles.FindAsync(user.Organization, role, cancellationToken);
        return new Grant(role, IsOrganizationAdmin: false, permissions ?? new HashSet<string>(StringComparer.Ordinal));
    }

    private async ValueTask<bool> IsOfAsync(OrganizationId organization, WorkspaceId workspace, CancellationToken cancellationToken) =>
        await caches.Workspaces.GetAsync(workspace, token => ReadAsync(workspace, token), cancellationToken) is { } owner
        && owner.Organization == organization;

    private async Task<WorkspaceOwner?> ReadAsync(WorkspaceId workspace, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var id = await db.Workspaces.Where(row => row.Id == workspace.Value).Select(row => (Guid?)row.OrganizationId).SingleOrDefaultAsync(cancellationToken);
        return id is { } found ? new WorkspaceOwner(new OrganizationId(found)) : null;
    }
}
