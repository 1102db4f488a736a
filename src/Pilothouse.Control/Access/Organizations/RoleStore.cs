using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Access.Organizations;

/// <summary>Roles besides the built-in ones. They are made and deleted, never changed: nobody's rights grow behind their maker's back.</summary>
internal sealed class RoleStore(IDbContextFactory<PilothouseDb> databases, AccessCaches caches, TimeProvider clock)
{
    public const int MaxRoles = 200;

    private static readonly string[] s_reserved = [.. Roles.BuiltIn, Roles.OfUser, "owner", "member", "operator"];

    /// <summary>By name.</summary>
    public async Task<IReadOnlyList<RoleRow>> ListAsync(OrganizationId organization, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Roles.AsNoTracking().Where(row => row.OrganizationId == organization.Value).OrderBy(row => row.Name).ToListAsync(cancellationToken);
    }

    public async Task<Outcome<RoleRow>> CreateAsync(Caller maker, string name, IReadOnlyList<string> permissions, CancellationToken cancellationToken)
    {
        if (s_reserved.Contains(name, StringComparer.Ordinal)) return new Rejection(Codes.ReservedName, $"'{name}' is reserved");
        if (maker.Grant.Lacks(permissions) is { Count: > 0 } lacking) return AccessRefusals.AboveOwn(name, lacking);
        var row = new RoleRow
        {
            OrganizationId = maker.Organization.Value,
            Name = name,
            Permissions = JsonSerializer.Serialize(permissions.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)),
            CreatedAt = clock.GetUtcNow(),
        };
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(row.OrganizationId, cancellationToken);
        if (await db.Roles.CountAsync(one => one.OrganizationId == row.OrganizationId, cancellationToken) >= MaxRoles)
            return new Rejection(Codes.LimitReached, $"There may be {MaxRoles} roles, and there are: delete those that nobody has.");
        db.Roles.Add(row);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException taken) when (taken.IsUniqueViolation())
        {
            return new Rejection(Codes.NameTaken, $"A role named '{name}' exists.");
        }

        await transaction.CommitAsync(cancellationToken);
        caches.Forget();
        return row;
    }

    public async Task<Outcome<string>> DeleteAsync(OrganizationId organization, string name, CancellationToken cancellationToken)
    {
        if (Roles.PermissionsOf(name) is not null) return new Rejection(Codes.Conflict, $"The role '{name}' is built in.");
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(organization.Value, cancellationToken);
        var now = clock.GetUtcNow();
        var keys = await db.ApiKeys.CountAsync(
            row => row.OrganizationId == organization.Value && row.UserId == null && row.Role == name && row.RevokedAt == null
                && (row.ExpiresAt == null || row.ExpiresAt > now),
            cancellationToken);
        var members = await db.Memberships.Where(row => row.Role == name)
            .Join(db.Workspaces.Where(row => row.OrganizationId == organization.Value), row => row.WorkspaceId, row => row.Id, (row, _) => row)
            .CountAsync(cancellationToken);
        if (keys + members > 0) return new Rejection(Codes.Conflict, $"The role '{name}' is in use: {keys} keys and {members} members have it.");
        var gone = await db.Roles.Where(row => row.OrganizationId == organization.Value && row.Name == name).ExecuteDeleteAsync(cancellationToken);
        if (gone == 0) return AccessRefusals.RoleNotFound(name);
        await transaction.CommitAsync(cancellationToken);
        caches.Forget();
        return name;
    }
}
