using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Access.Organizations;

internal sealed class WorkspaceStore(IDbContextFactory<PilothouseDb> databases, KnownUsers users, DataKeys dataKeys, AccessCaches caches, TimeProvider clock)
{
    public const int MaxWorkspaces = 1_000;

    /// <summary>Those that the caller reaches, oldest first.</summary>
    public async Task<IReadOnlyList<WorkspaceRow>> ListAsync(Caller caller, Page page, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var rows = db.Workspaces.AsNoTracking().Where(row => row.OrganizationId == caller.Organization.Value);
        if (!caller.Grant.IsOrganizationAdmin) rows = await ReachedAsync(rows, caller, cancellationToken);
        return await rows.OrderBy(row => row.CreatedAt).ThenBy(row => row.Id).Skip(page.Offset).Take(page.Limit).ToListAsync(cancellationToken);
    }

    /// <summary>With a data key of its own.</summary>
    public async Task<Outcome<WorkspaceRow>> CreateAsync(OrganizationId organization, string name, CancellationToken cancellationToken)
    {
        var id = WorkspaceId.New();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var wrapped = await dataKeys.NewAsync(db, id, cancellationToken);
        var row = new WorkspaceRow
        {
            Id = id.Value,
            OrganizationId = organization.Value,
            Name = name,
            WrappedDataKey = wrapped.Wrapped,
            MasterKeyVersion = wrapped.Version,
            CreatedAt = clock.GetUtcNow(),
        };
        await db.HoldAsync(organization.Value, cancellationToken);
        var all = db.Workspaces.Where(one => one.OrganizationId == organization.Value);
        if (await all.AnyAsync(one => one.Name == name, cancellationToken)) return NameTaken(name);
        if (await all.CountAsync(cancellationToken) >= MaxWorkspaces) return new Rejection(Codes.LimitReached, $"There may be {MaxWorkspaces} workspaces, and there are.");
        db.Workspaces.Add(row);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return row;
    }

    public async Task<Outcome<WorkspaceRow>> RenameAsync(OrganizationId organization, Guid id, string name, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(organization.Value, cancellationToken);
        var row = await db.Workspaces.SingleOrDefaultAsync(row => row.Id == id && row.OrganizationId == organization.Value, cancellationToken);
        if (row is null) return AccessRefusals.WorkspaceNotFound(id);
        if (await db.Workspaces.AnyAsync(one => one.OrganizationId == organization.Value && one.Name == name && one.Id != id, cancellationToken)) return NameTaken(name);
        row.Name = name;
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        caches.Forget();
        return row;
    }

    public async Task<OrganizationRow> OrganizationAsync(OrganizationId organization, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Organizations.AsNoTracking().SingleAsync(row => row.Id == organization.Value, cancellationToken);
    }

    public async Task<OrganizationRow> RenameAsync(OrganizationId organization, string name, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var row = await db.Organizations.SingleAsync(row => row.Id == organization.Value, cancellationToken);
        row.Name = name;
        await db.SaveChangesAsync(cancellationToken);
        return row;
    }

    private async Task<IQueryable<WorkspaceRow>> ReachedAsync(IQueryable<WorkspaceRow> rows, Caller caller, CancellationToken cancellationToken)
    {
        if (caller.Credential.Workspace is { } own) return rows.Where(row => row.Id == own.Value);
        if (caller.User is not { } id) return rows;
        var user = await users.FindAsync(id, cancellationToken);
        var reached = user is null ? [] : user.Roles.Keys.Select(workspace => workspace.Value).ToList();
        return rows.Where(row => reached.Contains(row.Id));
    }

    private static Rejection NameTaken(string name) => new(Codes.NameTaken, $"A workspace named '{name}' exists.");
}
