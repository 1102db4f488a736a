using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Control.Listeners;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Access.Keys;

/// <param name="Text">The key itself, which is stored nowhere.</param>
internal sealed record MadeKey(ApiKeyRow Row, string Text);

internal sealed class CreateKey(IDbContextFactory<PilothouseDb> databases, RoleBook roles, TimeProvider clock)
{
    /// <summary>Live ones, of one workspace or of the organization as a whole.</summary>
    public const int MaxServiceKeys = 1_000;

    /// <summary>Live ones, of one user.</summary>
    public const int MaxPersonalKeys = 100;

    /// <summary>Live ones, of one listener: a workspace may have more listeners than keys of its own.</summary>
    public const int MaxListenerKeys = 20;

    /// <summary>For a listener of the maker's workspace, which is looked at with the key.</summary>
    public Task<Outcome<MadeKey>> ListenerAsync(Caller maker, Guid listener, string name, DateTimeOffset? expiresAt, CancellationToken cancellationToken)
    {
        var wish = new KeyWish(name, Roles.OfListener, IsOrganizationWide: false, maker.Workspace.Value, IsOrganizationAdmin: false, expiresAt);
        return StoreAsync(maker, wish, user: null, cancellationToken, listener);
    }

    public async Task<Outcome<MadeKey>> ServiceAsync(Caller maker, KeyWish wish, CancellationToken cancellationToken)
    {
        if (wish.Role is Roles.OfListener) return AccessRefusals.RoleOfListeners();
        if (await roles.FindAsync(maker.Organization, wish.Role!, cancellationToken) is not { } permissions) return AccessRefusals.NoSuchRole(wish.Role!);
        if (maker.Grant.Lacks(permissions) is { Count: > 0 } lacking) return AccessRefusals.AboveOwn(wish.Role!, lacking);
        if (KeyRules.Reach(maker, wish) is { } refusal) return refusal;
        return await StoreAsync(maker, wish, user: null, cancellationToken);
    }

    public async Task<Outcome<MadeKey>> PersonalAsync(Caller maker, Guid user, KeyWish wish, CancellationToken cancellationToken) =>
        KeyRules.PersonalReach(maker, wish) is { } refusal ? refusal : await StoreAsync(maker, wish, user, cancellationToken);

    private async Task<Outcome<MadeKey>> StoreAsync(Caller maker, KeyWish wish, Guid? user, CancellationToken cancellationToken, Guid? listener = null)
    {
        var now = clock.GetUtcNow();
        var end = KeyRules.End(maker, wish.ExpiresAt, now);
        if (!end.IsAccepted) return end.Rejection;
        var text = ApiKeyText.New(isPersonal: user is not null);
        var row = new ApiKeyRow
        {
            Id = TimeOrderedUuid.New(),
            OrganizationId = maker.Organization.Value,
            WorkspaceId = wish.IsOrganizationWide ? null : wish.Workspace ?? maker.Workspace.Value,
            UserId = user,
            ListenerId = listener,
            Name = wish.Name,
            Hash = ApiKeyText.Hash(text),
            Prefix = ApiKeyText.Shown(text),
            Role = wish.Role ?? Roles.OfUser,
            IsOrganizationAdmin = wish.IsOrganizationAdmin,
            CreatedBy = maker.Subject,
            CreatedAt = now,
            ExpiresAt = end.Value.At,
        };
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(row.OrganizationId, cancellationToken);
        if (await RefuseAsync(db, maker, row, now, cancellationToken) is { } refusal) return refusal;
        db.ApiKeys.Add(row);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new MadeKey(row, text);
    }

    /// <summary>What only the store knows, looked at with the write lock held.</summary>
    private static async Task<Rejection?> RefuseAsync(PilothouseDb db, Caller maker, ApiKeyRow row, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var organization = row.OrganizationId;
        if (row.WorkspaceId is { } workspace
            && !await db.Workspaces.AnyAsync(one => one.Id == workspace && one.OrganizationId == organization, cancellationToken))
            return AccessRefusals.WorkspaceNotFound(workspace);
        if (row.ListenerId is { } listener && !await db.Listeners.AnyAsync(one => one.Id == listener && one.WorkspaceId == row.WorkspaceId, cancellationToken))
            return ListenerRejections.NotFound(listener);
        if (row.UserId is { } user
            && !await db.Users.AnyAsync(one => one.Id == user && one.OrganizationId == organization && one.DisabledAt == null, cancellationToken))
            return AccessRefusals.UserNotFound(user);

        // A key that was revoked while this request was under way makes no other.
        if (maker.ApiKey is { } own && !await db.ApiKeys.AnyAsync(one => one.Id == own && one.RevokedAt == null, cancellationToken))
            return new Rejection(Codes.Unauthenticated, "Invalid API key: it is unknown, expired or revoked.");

        // The role may be going at this moment.
        if (row.UserId is null && Roles.PermissionsOf(row.Role) is null
            && !await db.Roles.AnyAsync(one => one.OrganizationId == organization && one.Name == row.Role, cancellationToken))
            return AccessRefusals.NoSuchRole(row.Role);

        var live = db.ApiKeys.Where(one => one.OrganizationId == organization && one.RevokedAt == null && (one.ExpiresAt == null || one.ExpiresAt > now));
        var (counted, limit) = row switch
        {
            { UserId: { } of } => (live.Where(one => one.UserId == of), MaxPersonalKeys),
            { ListenerId: { } of } => (live.Where(one => one.WorkspaceId == row.WorkspaceId && one.ListenerId == of), MaxListenerKeys),
            _ => (live.Where(one => one.UserId == null && one.ListenerId == null && one.WorkspaceId == row.WorkspaceId), MaxServiceKeys),
        };
        var count = await counted.CountAsync(cancellationToken);
        return count < limit ? null : new Rejection(Codes.LimitReached, $"There are {count} keys already, and there may be {limit}: revoke those that nobody uses.");
    }
}
