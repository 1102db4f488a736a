using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.AuthService;

/// <summary>A token with the slug of its provider.</summary>
internal sealed record StoredToken(OAuthTokenRow Row, string ProviderId)
{
    public OAuthToken ToAnswer() => new()
    {
        Id = Row.Id,
        ProviderId = ProviderId,
        ProviderAccountLabel = Row.Label,
        Scopes = ScopeSet.FromJson(Row.Scopes),
        ExpiresAt = Row.ExpiresAt,
        IsDefault = Row.IsDefault,
        CreatedAt = Row.CreatedAt,
        UpdatedAt = Row.UpdatedAt,
    };
}

/// <summary>
/// Tokens by workspace and owner. Of each owner's tokens of one provider exactly one is the default; every write here keeps it so, in the caller's
/// transaction.
/// </summary>
internal static class TokenStore
{
    public static Rejection NotFound(string token) => new(Codes.NotFound, $"OAuth token ID {token} not found.");

    public static IQueryable<OAuthTokenRow> Of(PilothouseDb db, WorkspaceId workspace, string owner) =>
        db.OAuthTokens.Where(row => row.WorkspaceId == workspace.Value && row.Owner == owner);

    /// <summary>Newest first.</summary>
    /// <param name="slug">Null: of all providers.</param>
    public static async Task<IReadOnlyList<StoredToken>> ListAsync(
        PilothouseDb db, WorkspaceId workspace, string owner, string? slug, CancellationToken cancellationToken) =>
    [
        .. await Of(db, workspace, owner).AsNoTracking()
            .Join(db.OAuthProviders, token => token.ProviderRowId, provider => provider.Id, (token, provider) => new { token, provider.ProviderId })
            .Where(pair => slug == null || pair.ProviderId == slug)
            .OrderByDescending(pair => pair.token.CreatedAt).ThenByDescending(pair => pair.token.Id)
            .Select(pair => new StoredToken(pair.token, pair.ProviderId))
            .ToListAsync(cancellationToken),
    ];

    /// <summary>The first of its kind is the default whatever it says.</summary>
    public static async Task AddAsync(PilothouseDb db, OAuthTokenRow row, CancellationToken cancellationToken)
    {
        var others = Siblings(db, row);
        row.IsDefault |= !await others.AnyAsync(other => other.IsDefault, cancellationToken);
        if (row.IsDefault) await others.ExecuteUpdateAsync(set => set.SetProperty(other => other.IsDefault, false), cancellationToken);
        db.OAuthTokens.Add(row);
        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>Taking it from the only one changes nothing.</summary>
    public static async Task SetDefaultAsync(PilothouseDb db, OAuthTokenRow row, bool isDefault, CancellationToken cancellationToken)
    {
        if (row.IsDefault == isDefault) return;
        var next = isDefault ? row.Id : await NewestAsync(Siblings(db, row), cancellationToken);
        if (next == Guid.Empty) return;
        await db.OAuthTokens
            .Where(one => one.WorkspaceId == row.WorkspaceId && one.Owner == row.Owner && one.ProviderRowId == row.ProviderRowId)
            .ExecuteUpdateAsync(set => set.SetProperty(one => one.IsDefault, false), cancellationToken);
        await db.OAuthTokens.Where(one => one.Id == next)
            .ExecuteUpdateAsync(set => set.SetProperty(one => one.IsDefault, true), cancellationToken);
    }

    /// <summary>With the connections that use it.</summary>
    public static async Task RemoveAsync(PilothouseDb db, OAuthTokenRow row, CancellationToken cancellationToken)
    {
        await db.AgentConnections.Where(one => one.WorkspaceId == row.WorkspaceId && one.TokenId == row.Id).ExecuteDeleteAsync(cancellationToken);
        await db.OAuthTokens.Where(one => one.WorkspaceId == row.WorkspaceId && one.Id == row.Id).ExecuteDeleteAsync(cancellationToken);
        if (!row.IsDefault) return;
        var next = await NewestAsync(Siblings(db, row), cancellationToken);
        await db.OAuthTokens.Where(one => one.Id == next)
            .ExecuteUpdateAsync(set => set.SetProperty(one => one.IsDefault, true), cancellationToken);
    }

    private static Task<Guid> NewestAsync(IQueryable<OAuthTokenRow> rows, CancellationToken cancellationToken) =>
        rows.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).Select(row => row.Id).FirstOrDefaultAsync(cancellationToken);

    private static IQueryable<OAuthTokenRow> Siblings(PilothouseDb db, OAuthTokenRow row) => db.OAuthTokens.Where(other =>
        other.WorkspaceId == row.WorkspaceId && other.Owner == row.Owner && other.ProviderRowId == row.ProviderRowId && other.Id != row.Id);
}
