using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.AuthService;

/// <summary>Providers by their organization.</summary>
internal sealed class ProviderStore(IDbContextFactory<PilothouseDb> databases)
{
    public static Rejection NotFound(string slug) => new(Codes.NotFound, $"OAuth provider ID {slug} not found.");

    public static Rejection Taken(string slug) => new(Codes.NameTaken, $"OAuth provider ID {slug} already exists.");

    public static Task<OAuthProviderRow?> FindAsync(
        PilothouseDb db, OrganizationId organization, string slug, CancellationToken cancellationToken) => db.OAuthProviders.AsNoTracking()
            .SingleOrDefaultAsync(row => row.OrganizationId == organization.Value && row.ProviderId == slug, cancellationToken);

    public async Task<OAuthProviderRow?> FindAsync(OrganizationId organization, string slug, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await FindAsync(db, organization, slug, cancellationToken);
    }

    public async Task<IReadOnlyList<OAuthProviderRow>> ListAsync(OrganizationId organization, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.OAuthProviders.AsNoTracking()
            .Where(row => row.OrganizationId == organization.Value)
            .OrderBy(row => row.CreatedAt).ThenBy(row => row.Id)
            .ToListAsync(cancellationToken);
    }

    public async Task<Outcome<OAuthProviderRow>> AddAsync(OAuthProviderRow row, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        db.OAuthProviders.Add(row);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return row;
        }
        catch (DbUpdateException taken) when (taken.IsUniqueViolation())
        {
            return Taken(row.ProviderId);
        }
    }

    /// <summary>With the tokens, connections and consents under way that it is for.</summary>
    /// <returns>False when it is not there.</returns>
    public async Task<bool> RemoveAsync(OrganizationId organization, string slug, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(organization.Value, cancellationToken);
        if (await FindAsync(db, organization, slug, cancellationToken) is not { } provider) return false;
        await db.AuthSessions.Where(row => row.ProviderRowId == provider.Id).ExecuteDeleteAsync(cancellationToken);
        await db.AgentConnections.Where(row => row.ProviderRowId == provider.Id).ExecuteDeleteAsync(cancellationToken);
        await db.OAuthTokens.Where(row => row.ProviderRowId == provider.Id).ExecuteDeleteAsync(cancellationToken);
        await db.OAuthProviders.Where(row => row.OrganizationId == organization.Value && row.Id == provider.Id).ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }
}
