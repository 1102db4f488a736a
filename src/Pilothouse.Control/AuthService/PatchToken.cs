using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.AuthService;

/// <summary>Changes what a token is called and whether it is the default; its owner's alone.</summary>
internal sealed class PatchToken(IDbContextFactory<PilothouseDb> databases, TimeProvider clock)
{
    public async Task<Outcome<StoredToken>> RunAsync(Caller caller, Guid token, OAuthTokenPatch patch, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(caller.Organization.Value, cancellationToken);
        var own = TokenStore.Of(db, caller.Workspace, TokenOwner.OfCaller(caller.Subject)).AsNoTracking().Where(row => row.Id == token);
        if (await own.SingleOrDefaultAsync(cancellationToken) is not { } row) return TokenStore.NotFound(token.ToString());

        if (patch.IsDefault is { } isDefault) await TokenStore.SetDefaultAsync(db, row, isDefault, cancellationToken);
        if (patch != new OAuthTokenPatch())
        {
            await db.OAuthTokens.Where(one => one.Id == token).ExecuteUpdateAsync(
                set => set
                    .SetProperty(one => one.Label, patch.ProviderAccountLabel ?? row.Label)
                    .SetProperty(one => one.UpdatedAt, clock.GetStoredNow()),
                cancellationToken);
        }

        row = await own.SingleAsync(cancellationToken);
        var slug = await db.OAuthProviders.Where(provider => provider.Id == row.ProviderRowId).Select(provider => provider.ProviderId).SingleAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new StoredToken(row, slug);
    }
}
