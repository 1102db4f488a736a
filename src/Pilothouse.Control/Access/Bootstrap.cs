using System.Text;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Backups;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Access;

/// <summary>The first key that the operator brings (environment variable <c>PILOTHOUSE_BOOTSTRAP_KEY</c>); null when there is none.</summary>
internal sealed record BootstrapKeySource(Func<string?> Read);

/// <summary>The operator's key cannot be used; the message is one sentence for the operator.</summary>
public sealed class BootstrapKeyException(string message) : Exception(message);

/// <summary>Makes the first organization, workspace and admin key.</summary>
internal sealed class Bootstrap(
    IDbContextFactory<PilothouseDb> databases, DataKeys dataKeys, DataDirectory directory, BootstrapKeySource source, TimeProvider clock)
{
    private const string FirstKey = "bootstrap";

    /// <summary>
    /// Once per store; needs <see cref="DataKeys.PrepareAsync"/> before. The key is on disk before the store knows it, so a crash between loses
    /// neither: the next start takes the key from the file.
    /// </summary>
    /// <returns>The new key when this start made it up and nobody has seen it; else null.</returns>
    public async Task<string?> RunAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await db.Organizations.AnyAsync(cancellationToken))
        {
            await LetFirstKeyManageAsync(db, cancellationToken);
            return null;
        }

        var brought = source.Read();
        var key = string.IsNullOrWhiteSpace(brought) ? await OwnKeyAsync(cancellationToken) : Checked(brought.Trim(), "PILOTHOUSE_BOOTSTRAP_KEY");
        if (await StoreAsync(db, key, cancellationToken)) return string.IsNullOrWhiteSpace(brought) ? key : null;

        // Another control plane was first, and nothing knows this key.
        if (string.IsNullOrWhiteSpace(brought)) File.Delete(directory.BootstrapKeyFile);
        return null;
    }

    /// <summary>A store from before there was anything to manage: its first key was meant for everything.</summary>
    private static async Task LetFirstKeyManageAsync(PilothouseDb db, CancellationToken cancellationToken)
    {
        if (await db.ApiKeys.AnyAsync(row => row.IsOrganizationAdmin, cancellationToken)) return;
        await db.ApiKeys.Where(row => row.Name == FirstKey && row.Role == Roles.Admin && row.CreatedBy == null && row.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.IsOrganizationAdmin, true), cancellationToken);
    }

    private async Task<string> OwnKeyAsync(CancellationToken cancellationToken)
    {
        if (File.Exists(directory.BootstrapKeyFile))
            return Checked((await File.ReadAllTextAsync(directory.BootstrapKeyFile, cancellationToken)).Trim(), directory.BootstrapKeyFile);
        var key = ApiKeyText.New();
        await DurableFile.WritePrivateAsync(directory.BootstrapKeyFile, Encoding.ASCII.GetBytes($"{key}\n"), cancellationToken);
        return key;
    }

    /// <returns>False when another control plane on the store was first.</returns>
    private async Task<bool> StoreAsync(PilothouseDb db, string key, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var organization = OrganizationId.New();
        var workspace = WorkspaceId.New();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(Guid.Empty, cancellationToken);

        // Another replica started at the same moment: the first key is its own. Or a restore did, and all rows will be its own.
        if (await db.Organizations.AnyAsync(cancellationToken)) return false;
        await UnfinishedRestore.CheckAsync(db, cancellationToken);
        var wrapped = await dataKeys.NewAsync(db, workspace, cancellationToken);
        db.Organizations.Add(new OrganizationRow { Id = organization.Value, Name = "default", CreatedAt = now });
        db.Workspaces.Add(new WorkspaceRow
        {
            Id = workspace.Value,
            OrganizationId = organization.Value,
            Name = "default",
            WrappedDataKey = wrapped.Wrapped,
            MasterKeyVersion = wrapped.Version,
            CreatedAt = now,
        });
        db.ApiKeys.Add(new ApiKeyRow
        {
            Id = TimeOrderedUuid.New(),
            OrganizationId = organization.Value,

            // Bound to the workspace, so that clients need no X-Tenant-Id.
            WorkspaceId = workspace.Value,
            Name = FirstKey,
            Hash = ApiKeyText.Hash(key),
            Prefix = ApiKeyText.Shown(key),
            Role = Roles.Admin,
            IsOrganizationAdmin = true,
            CreatedAt = now,
        });
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private static string Checked(string key, string origin) => ApiKeyText.IsAcceptable(key)
        ? key
        : throw new BootstrapKeyException($"The key in {origin} cannot be used: it must have 20 to {ApiKeyText.MaxLength} printable ASCII characters without spaces and commas.");
}
