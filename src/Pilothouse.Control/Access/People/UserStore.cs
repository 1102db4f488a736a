using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts;
using Pilothouse.Control.Access.Oidc;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Access.People;

internal sealed record UserWish(string Email, string Name, string? Issuer, string? Subject, bool IsAdmin);

/// <summary>Null leaves a thing as it is.</summary>
internal sealed record UserChange(string? Email, string? Name, bool? IsAdmin, bool? IsDisabled);

internal sealed class UserStore(IDbContextFactory<PilothouseDb> databases, AccessCaches caches, IOptions<OidcOptions> oidc, TimeProvider clock)
{
    public const int MaxUsers = 100_000;

    public async Task<IReadOnlyList<UserRow>> ListAsync(OrganizationId organization, string? email, Page page, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var wanted = email?.ToLowerInvariant();
        return await db.Users.AsNoTracking()
            .Where(row => row.OrganizationId == organization.Value && (wanted == null || row.Email == wanted))
            .OrderBy(row => row.CreatedAt).ThenBy(row => row.Id)
            .Skip(page.Offset).Take(page.Limit)
            .ToListAsync(cancellationToken);
    }

    public async Task<UserRow?> FindAsync(OrganizationId organization, Guid id, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id && row.OrganizationId == organization.Value, cancellationToken);
    }

    public async Task<Outcome<UserRow>> CreateAsync(OrganizationId organization, UserWish wish, CancellationToken cancellationToken)
    {
        var issuer = wish.Subject is null ? null : wish.Issuer ?? oidc.Value.Issuer;
        if (wish.Subject is not null && string.IsNullOrEmpty(issuer)) return new Rejection(Codes.Invalid, "A subject needs its issuer: name it, or configure Access:Oidc:Issuer.");
        if (wish.Subject is null && wish.Issuer is not null) return new Rejection(Codes.Invalid, "An issuer says nothing without a subject.");

        var now = clock.GetUtcNow();
        var row = new UserRow
        {
            Id = TimeOrderedUuid.New(),
            OrganizationId = organization.Value,
            Email = wish.Email,
            Name = wish.Name,
            Issuer = issuer,
            Subject = wish.Subject,
            IsOrganizationAdmin = wish.IsAdmin,
            CreatedAt = now,
        };
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(organization.Value, cancellationToken);
        if (await db.Users.AnyAsync(one => one.OrganizationId == organization.Value && one.Email == wish.Email, cancellationToken)) return EmailTaken(wish.Email);
        if (await db.Users.CountAsync(one => one.OrganizationId == organization.Value, cancellationToken) >= MaxUsers)
            return new Rejection(Codes.LimitReached, $"There may be {MaxUsers} users, and there are.");
        db.Users.Add(row);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException taken) when (taken.IsUniqueViolation())
        {
            return new Rejection(Codes.NameTaken, "A user with this issuer and subject exists.");
        }

        await transaction.CommitAsync(cancellationToken);
        caches.Forget();
        return row;
    }

    public async Task<Outcome<UserRow>> ChangeAsync(OrganizationId organization, Guid id, UserChange change, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(organization.Value, cancellationToken);
        var row = await db.Users.SingleOrDefaultAsync(row => row.Id == id && row.OrganizationId == organization.Value, cancellationToken);
        if (row is null) return AccessRefusals.UserNotFound(id);
        if (change.Email is { } email
            && await db.Users.AnyAsync(one => one.OrganizationId == organization.Value && one.Email == email && one.Id != id, cancellationToken))
            return EmailTaken(email);
        row.Email = change.Email ?? row.Email;
        row.Name = change.Name ?? row.Name;
        row.IsOrganizationAdmin = change.IsAdmin ?? row.IsOrganizationAdmin;
        if (change.IsDisabled is { } disabled) row.DisabledAt = disabled ? row.DisabledAt ?? clock.GetUtcNow() : null;
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        caches.Forget();
        return row;
    }

    private static Rejection EmailTaken(string email) => new(Codes.NameTaken, $"A user with the email '{email}' exists.");
}
