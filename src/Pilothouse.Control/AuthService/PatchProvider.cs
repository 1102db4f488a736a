using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.AuthService;

/// <summary>Consents under way go on to the addresses that they began with, or not at all.</summary>
internal sealed class PatchProvider(IDbContextFactory<PilothouseDb> databases, AuthSecrets secrets, TimeProvider clock)
{
    public async Task<Outcome<OAuthProviderRow>> RunAsync(
        Caller caller, string slug, OAuthProviderPatch patch, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(caller.Organization.Value, cancellationToken);
        var row = await db.OAuthProviders
            .SingleOrDefaultAsync(row => row.OrganizationId == caller.Organization.Value && row.ProviderId == slug, cancellationToken);
        if (row is null) return ProviderStore.NotFound(slug);

        row.Name = patch.Name ?? row.Name;
        row.ClientId = patch.ClientId ?? row.ClientId;
        row.AuthUrl = patch.AuthUrl ?? row.AuthUrl;
        row.TokenUrl = patch.TokenUrl ?? row.TokenUrl;
        if (patch.UsesPkce is { } usesPkce) (row.UsesPkce, row.SkipsPkce) = (usesPkce, !usesPkce);
        if (patch.ClientSecret is { } secret)
        {
            row.SealedFor = caller.Workspace.Value;
            row.Secrets = await secrets.SealClientSecretAsync(caller.Workspace.Value, row.Id, secret, cancellationToken);
        }

        if (db.ChangeTracker.HasChanges()) row.UpdatedAt = clock.GetStoredNow();
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return row;
    }
}
