using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.AuthService;

/// <summary>Keeps a token that was obtained elsewhere.</summary>
internal sealed class ImportToken(IDbContextFactory<PilothouseDb> databases, AuthSecrets secrets, TimeProvider clock)
{
    /// <summary>As one of the caller's own.</summary>
    public async Task<Outcome<Guid>> RunAsync(Caller caller, OAuthTokenImport import, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(caller.Organization.Value, cancellationToken);
        if (await ProviderStore.FindAsync(db, caller.Organization, import.ProviderId!, cancellationToken) is not { } provider)
            return ProviderStore.NotFound(import.ProviderId!);
        var row = await RowAsync(caller, provider.Id, TokenOwner.OfCaller(caller.Subject), import, cancellationToken);
        await TokenStore.AddAsync(db, row, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return row.Id;
    }

    public async Task<OAuthTokenRow> RowAsync(
        Caller caller, Guid provider, string owner, OAuthTokenImport import, CancellationToken cancellationToken)
    {
        var now = clock.GetStoredNow();
        var id = TimeOrderedUuid.New();
        var scopes = ScopeSet.ToJson(import.Scopes);
        return new OAuthTokenRow
        {
            Id = id,
            WorkspaceId = caller.Workspace.Value,
            ProviderRowId = provider,
            Owner = owner,
            Secrets = await secrets.SealTokenAsync(
                caller.Workspace.Value, id, new TokenPair(import.AccessToken, import.RefreshToken), cancellationToken),
            Scopes = scopes,
            AskedScopes = scopes,
            ExpiresAt = import.ExpiresInSeconds is { } seconds ? now.AddSeconds(seconds) : null,
            Label = import.ProviderAccountLabel,
            Metadata = import.Metadata?.GetRawText(),
            IsDefault = import.IsDefault,
            CreatedAt = now,
            UpdatedAt = now,
        };
    }
}
