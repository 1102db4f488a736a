using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Access.People;

/// <param name="User">Of the organization.</param>
/// <param name="Membership">In the workspace.</param>
internal sealed record MemberRows(UserRow User, MembershipRow Membership);

/// <summary>Who is in a workspace, as what. Nobody gives, changes or takes away what is above the own role.</summary>
internal sealed class MemberStore(IDbContextFactory<PilothouseDb> databases, RoleBook roles, AccessCaches caches, TimeProvider clock)
{
    public async Task<IReadOnlyList<MemberRows>> ListAsync(WorkspaceId workspace, Page page, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Memberships.AsNoTracking()
            .Where(row => row.WorkspaceId == workspace.Value)
            .Join(db.Users.AsNoTracking(), row => row.UserId, user => user.Id, (row, user) => new { row, user })
            .OrderBy(both => both.row.CreatedAt).ThenBy(both => both.user.Id)
            .Skip(page.Offset).Take(page.Limit)
            .Select(both => new MemberRows(both.user, both.row))
            .ToListAsync(cancellationToken);
    }

    public async Task<Outcome<MemberRows>> SetAsync(Caller caller, Guid id, string role, CancellationToken cancellationToken)
    {
        if (await RefuseAsync(caller, role, cancellationToken) is { } above) return above;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(caller.Organization.Value, cancellationToken);
        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id && row.OrganizationId == caller.Organization.Value, cancellationToken);
        if (user is null) return AccessRefusals.UserNotFound(id);
        if (Roles.PermissionsOf(role) is null && !await db.Roles.AnyAsync(one => one.OrganizationId == caller.Organization.Value && one.Name == role, cancellationToken))
            return AccessRefusals.NoSuchRole(role);

        var row = await db.Memberships.SingleOrDefaultAsync(row => row.UserId == id && row.WorkspaceId == caller.Workspace.Value, cancellationToken);
        if (row is null)
            db.Memberships.Add(row = new MembershipRow { WorkspaceId = caller.Workspace.Value, UserId = id, Role = role, CreatedAt = clock.GetUtcNow() });
        else if (await RefuseAsync(caller, row.Role, cancellationToken) is { } present)
            return present;
        row.Role = role;
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        caches.Forget();
        return new MemberRows(user, row);
    }

    public async Task<Outcome<MembershipRow>> RemoveAsync(Caller caller, Guid id, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(caller.Organization.Value, cancellationToken);
        var row = await db.Memberships.SingleOrDefaultAsync(row => row.UserId == id && row.WorkspaceId == caller.Workspace.Value, cancellationToken);
        if (row is null) return AccessRefusals.UserNotFound(id);
        if (await RefuseAsync(caller, row.Role, cancellationToken) is { } above) return above;
        db.Memberships.Remove(row);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        caches.Forget();
        return row;
    }

    private async ValueTask<Rejection?> RefuseAsync(Caller caller, string role, CancellationToken cancellationToken)
    {
        if (await roles.FindAsync(caller.Organization, role, cancellationToken) is not { } permissions) return AccessRefusals.NoSuchRole(role);
        return caller.Grant.Lacks(permissions) is { Count: > 0 } lacking ? AccessRefusals.AboveOwn(role, lacking) : null;
    }
}
