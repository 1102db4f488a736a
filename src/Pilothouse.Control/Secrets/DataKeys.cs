using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Secrets;

/// <param name="Wrapped">For <see cref="WorkspaceRow.WrappedDataKey"/>.</param>
/// <param name="Version">For <see cref="WorkspaceRow.MasterKeyVersion"/>.</param>
internal sealed record WrappedKey(byte[] Wrapped, int Version);

/// <summary>A workspace's data key as its row has it.</summary>
internal sealed record WrappedDataKey(WorkspaceId Workspace, byte[] Wrapped, int Version);

/// <summary>One random key per workspace, stored wrapped by a master key.</summary>
internal sealed class DataKeys(
    IDbContextFactory<PilothouseDb> databases, [FromKeyedServices(StorageFeature.Aside)] IDbContextFactory<PilothouseDb> aside, MasterKeys masters)
{
    /// <summary>Held by whoever makes a data key or retires a master key, before anything else but <see cref="Guid.Empty"/>.</summary>
    public static readonly Guid Order = Guid.Parse("00000000-0000-0000-0000-000000000001");

    private readonly ConcurrentDictionary<WorkspaceId, byte[]> _keys = new();

    /// <summary>
    /// A key for a workspace that is about to be inserted in the context's transaction. It is wrapped as the newest others are: that a newer master
    /// key is known here says nothing of the other control planes, and whoever rotates has made sure of them.
    /// </summary>
    public async Task<WrappedKey> NewAsync(PilothouseDb db, WorkspaceId workspace, CancellationToken cancellationToken)
    {
        await db.HoldAsync(Order, cancellationToken);
        var version = await CurrentAsync(db, cancellationToken) ?? masters.Newest;
        return await WrapAsync(workspace, RandomNumberGenerator.GetBytes(SealedBox.KeyBytes), version, cancellationToken);
    }

    public async ValueTask<byte[]> OfAsync(WorkspaceId workspace, CancellationToken cancellationToken)
    {
        if (_keys.TryGetValue(workspace, out var known)) return known;
        var row = await ReadAsync(workspace, cancellationToken);

        // Between reading the row and looking for its master key it may have been wrapped anew, and the old one retired.
        if (await masters.FindAsync(row.Version, cancellationToken) is null) row = await ReadAsync(workspace, cancellationToken);
        return _keys.GetOrAdd(workspace, await UnwrapAsync(row, cancellationToken));
    }

    /// <summary>
    /// Called once at start, before anything is served: loads the master keys, proves that they open every data key, and ends a rotation that was
    /// begun and not ended.
    /// </summary>
    /// <exception cref="MasterKeyException">Missing, malformed or wrong master key.</exception>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var rows = await ListAsync(db, cancellationToken);
        await masters.LoadAsync(mayCreate: rows.Count == 0, cancellationToken);
        foreach (var row in rows) _keys[row.Workspace] = await UnwrapAsync(row, cancellationToken);
        if (rows.Count > 0) await WrapAllAsync(db, rows.Max(row => row.Version), cancellationToken);
    }

    /// <summary>Loads the master keys and proves that they open these data keys.</summary>
    /// <exception cref="MasterKeyException">Missing, malformed or wrong master key.</exception>
    public async Task CheckAsync(IReadOnlyCollection<WrappedDataKey> rows, CancellationToken cancellationToken)
    {
        await masters.LoadAsync(mayCreate: false, cancellationToken);
        foreach (var row in rows) await UnwrapAsync(row, cancellationToken);
    }

    public static async Task<List<WrappedDataKey>> ListAsync(PilothouseDb db, CancellationToken cancellationToken) => await db.Workspaces.AsNoTracking()
        .Select(row => new WrappedDataKey(new WorkspaceId(row.Id), row.WrappedDataKey, row.MasterKeyVersion)).ToListAsync(cancellationToken);

    /// <summary>The version that new data keys are wrapped with; null while there is none.</summary>
    public static Task<int?> CurrentAsync(PilothouseDb db, CancellationToken cancellationToken) =>
        db.Workspaces.MaxAsync(row => (int?)row.MasterKeyVersion, cancellationToken);

    /// <summary>Wraps with that version whatever an older one wraps. Each key changes in one write, so that it may end anywhere and begin again.</summary>
    /// <returns>How many it was.</returns>
    public async Task<int> WrapAllAsync(PilothouseDb db, int version, CancellationToken cancellationToken)
    {
        var changed = 0;
        while ((await ListAsync(db, cancellationToken)).Where(row => row.Version < version).ToList() is { Count: > 0 } rows)
        {
            foreach (var row in rows)
            {
                var (wrapped, _) = await WrapAsync(row.Workspace, await UnwrapAsync(row, cancellationToken), version, cancellationToken);
                changed += await db.Workspaces
                    .Where(one => one.Id == row.Workspace.Value && one.MasterKeyVersion == row.Version)
                    .ExecuteUpdateAsync(
                        set => set.SetProperty(one => one.WrappedDataKey, wrapped).SetProperty(one => one.MasterKeyVersion, version), cancellationToken);
            }
        }

        return changed;
    }

    /// <summary>Most who seal are in a transaction of theirs.</summary>
    private async Task<WrappedDataKey> ReadAsync(WorkspaceId workspace, CancellationToken cancellationToken)
    {
        await using var db = await aside.CreateDbContextAsync(cancellationToken);
        return await db.Workspaces.AsNoTracking().Where(row => row.Id == workspace.Value)
            .Select(row => new WrappedDataKey(workspace, row.WrappedDataKey, row.MasterKeyVersion)).SingleAsync(cancellationToken);
    }

    private static byte[] Purpose(WorkspaceId workspace) => Encoding.UTF8.GetBytes($"pilothouse data key {workspace}");

    private async Task<WrappedKey> WrapAsync(WorkspaceId workspace, byte[] key, int version, CancellationToken cancellationToken) =>
        new(SealedBox.Seal(await MasterAsync(workspace, version, cancellationToken), key, Purpose(workspace)), version);

    private async Task<byte[]> UnwrapAsync(WrappedDataKey row, CancellationToken cancellationToken)
    {
        var master = await MasterAsync(row.Workspace, row.Version, cancellationToken);
        try
        {
            return SealedBox.Open(master, row.Wrapped, Purpose(row.Workspace));
        }
        catch (CryptographicException notOurs)
        {
            throw new MasterKeyException(
                $"The master key in {masters.Origin} is not the one that the stored secrets were encrypted with: put the right one back.", notOurs);
        }
    }

    private async Task<byte[]> MasterAsync(WorkspaceId workspace, int version, CancellationToken cancellationToken) =>
        await masters.FindAsync(version, cancellationToken) ?? throw new MasterKeyException(
            $"Version {version} of the master key is missing from {masters.Origin}, and workspace {workspace} needs it.");
}
