using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.AuthService;

/// <summary>
/// Revokes tokens at their provider, then forgets them. A provider that does not answer keeps nobody's token here: it is tried twice, the log says
/// so, and the token goes.
/// </summary>
internal sealed class DeleteTokens(
    IDbContextFactory<PilothouseDb> databases, AuthSecrets secrets, TokenEndpoint endpoint, ILogger<DeleteTokens> logger)
{
    private const int Attempts = 2;

    /// <returns>False when the caller has no such token.</returns>
    public async Task<bool> OneAsync(Caller caller, Guid token, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var own = TokenStore.Of(db, caller.Workspace, TokenOwner.OfCaller(caller.Subject)).Where(row => row.Id == token);
        return await DeleteAsync(db, own, cancellationToken) > 0;
    }

    /// <summary>All of the caller's own for a provider.</summary>
    public async Task<int> OwnAsync(Caller caller, Guid provider, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var own = TokenStore.Of(db, caller.Workspace, TokenOwner.OfCaller(caller.Subject)).Where(row => row.ProviderRowId == provider);
        return await DeleteAsync(db, own, cancellationToken);
    }

    /// <summary>Everybody's, agents' and end users' among them, for all Slack providers of the workspace's organization.</summary>
    public async Task<int> OfSlackAsync(Caller caller, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await DeleteAsync(db, OfSlack(db, caller), cancellationToken);
    }

    public static IQueryable<OAuthTokenRow> OfSlack(PilothouseDb db, Caller caller)
    {
        var providers = db.OAuthProviders
            .Where(row => row.OrganizationId == caller.Organization.Value && (row.ProviderType == ProviderTypes.Slack || row.ProviderId == ProviderTypes.Slack))
            .Select(row => row.Id);
        return db.OAuthTokens.Where(row => row.WorkspaceId == caller.Workspace.Value && providers.Contains(row.ProviderRowId));
    }

    private async Task<int> DeleteAsync(PilothouseDb db, IQueryable<OAuthTokenRow> which, CancellationToken cancellationToken)
    {
        var rows = await which.AsNoTracking().ToListAsync(cancellationToken);
        foreach (var row in rows)
        {
            await RevokeAsync(db, row, cancellationToken);
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            if (await db.OAuthTokens.AsNoTracking().SingleOrDefaultAsync(one => one.Id == row.Id, cancellationToken) is { } current)
                await TokenStore.RemoveAsync(db, current, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return rows.Count;
    }

    private async Task RevokeAsync(PilothouseDb db, OAuthTokenRow row, CancellationToken cancellationToken)
    {
        var provider = await db.OAuthProviders.AsNoTracking().SingleAsync(one => one.Id == row.ProviderRowId, cancellationToken);
        var tokens = await secrets.OpenTokenAsync(row.WorkspaceId, row.Id, row.Secrets, cancellationToken);
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            if (await endpoint.RevokeAsync(provider, tokens, cancellationToken)) return;
        }

        logger.NotRevoked(row.Id, provider.ProviderId);
    }
}
