using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Access.Keys;

/// <summary>Which keys a caller sees, and their end.</summary>
internal sealed class KeyStore(IDbContextFactory<PilothouseDb> databases, RoleBook roles, AccessCaches caches, TimeProvider clock)
{
    /// <summary>Those that are not revoked, oldest first.</summary>
    public async Task<IReadOnlyList<ApiKeyRow>> ListAsync(Caller caller, Page page, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await PagedAsync(Seen(db, caller), page, cancellationToken);
    }

    public async Task<IReadOnlyList<ApiKeyRow>> ListOfUserAsync(Guid user, Page page, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await PagedAsync(db.ApiKeys.Where(row => row.UserId == user && row.RevokedAt == null), page, cancellationToken);
    }

    public async Task<Outcome<ApiKeyRow>> RevokeAsync(Caller caller, Guid id, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var row = await Seen(db, caller).AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken);
        if (row is null) return AccessRefusals.KeyNotFound(id);
        if (row.IsOrganizationAdmin && !caller.Grant.IsOrganizationAdmin) return AccessRefusals.OrganizationOnly("revoke keys that manage it");
        if (row.ListenerId is not null) return await RevokeAsync(db, row, cancellationToken);
        var permissions = await roles.FindAsync(caller.Organization, row.Role, cancellationToken);
        if (permissions is not null && caller.Grant.Lacks(permissions) is { Count: > 0 } lacking) return AccessRefusals.AboveOwn(row.Role, lacking);
        return await RevokeAsync(db, row, cancellationToken);
    }

    public async Task<Outcome<ApiKeyRow>> RevokeOwnAsync(Guid user, Guid id, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var row = await db.ApiKeys.AsNoTracking()
            .SingleOrDefaultAsync(row => row.Id == id && row.UserId == user && row.RevokedAt == null, cancellationToken);
        return row is null ? AccessRefusals.KeyNotFound(id) : await RevokeAsync(db, row, cancellationToken);
    }

    private async Task<Outcome<ApiKeyRow>> RevokeAsync(PilothouseDb db, ApiKeyRow row, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await db.ApiKeys.Where(one => one.Id == row.Id && one.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(one => one.RevokedAt, now), cancellationToken);
        caches.Forget();
        return row;
    }

    /// <summary>Service keys of the workspace; for administrators of the organization all keys that reach it, personal ones among them.</summary>
    private static IQueryable<ApiKeyRow> Seen(PilothouseDb db, Caller caller)
    {
        var rows = db.ApiKeys.Where(row => row.OrganizationId == caller.Organization.Value && row.RevokedAt == null);
        return caller.Grant.IsOrganizationAdmin
            ? rows.Where(row => row.WorkspaceId == caller.Workspace.Value || row.WorkspaceId == null)
            : rows.Where(row => row.WorkspaceId == caller.Workspace.Value && row.UserId == null);
    }

    private static async Task<IReadOnlyList<ApiKeyRow>> PagedAsync(IQueryable<ApiKeyRow> rows, Page page, CancellationToken cancellationToken) =>
        await rows.AsNoTracking().OrderBy(row => row.CreatedAt).ThenBy(row => row.Id).Skip(page.Offset).Take(page.Limit).ToListAsync(cancellationToken);
}
