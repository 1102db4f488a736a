using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Secrets;

/// <param name="Wrapped">For <see cref="WorkspaceRow.WrappedDataKey"/>.</param>
/// <param name="Version">For <see cref="WorkspaceRow.MasterKeyVersion"/>.</param>
internal sealed record WrappedKey(byte[] Wrapped, int Version);

/// <summary>One random key per workspace, stored wrapped by the newest master key.</summary>
internal sealed class DataKeys(IDbContextFactory<PilothouseDb> databases, MasterKeys masters)
{
    private readonly ConcurrentDictionary<WorkspaceId, byte[]> _keys = new();

    /// <summary>A key for a workspace that is about to be inserted.</summary>
    public WrappedKey New(WorkspaceId workspace) => Wrap(workspace, RandomNumberGenerator.GetBytes(SealedBox.KeyBytes));

    public async ValueTask<byte[]> OfAsync(WorkspaceId workspace, CancellationToken cancellationToken)
    {
        if (_keys.TryGetValue(workspace, out var known)) return known;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var row = await db.Workspaces.AsNoTracking().SingleAsync(row => row.Id == workspace.Value, cancellationToken);
        return _keys.GetOrAdd(workspace, Unwrap(row));
    }

    /// <summary>
    /// Called once at start, before anything is served: loads the master keys, proves that they open every data key, and wraps anew what an older
    /// version wrapped.
    /// </summary>
    /// <exception cref="MasterKeyException">Missing, malformed or wrong master key.</exception>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var rows = await db.Workspaces.ToListAsync(cancellationToken);
        await masters.LoadAsync(mayCreate: rows.Count == 0, cancellationToken);
        foreach (var row in rows)
        {
            var workspace = new WorkspaceId(row.Id);
            var key = Unwrap(row);
            _keys[workspace] = key;
            if (row.MasterKeyVersion != masters.Newest) (row.WrappedDataKey, row.MasterKeyVersion) = Wrap(workspace, key);
        }

        await db.SaveChangesAsync(cancellationToken);
    }

    private static byte[] Purpose(WorkspaceId workspace) => Encoding.UTF8.GetBytes($"pilothouse data key {workspace}");

    private WrappedKey Wrap(WorkspaceId workspace, byte[] key)
    {
        var version = masters.Newest;
        return new WrappedKey(SealedBox.Seal(masters.Find(version)!, key, Purpose(workspace)), version);
    }

    private byte[] Unwrap(WorkspaceRow row)
    {
        var workspace = new WorkspaceId(row.Id);
        var master = masters.Find(row.MasterKeyVersion) ?? throw new MasterKeyException(
            $"Version {row.MasterKeyVersion} of the master key is missing from {masters.Origin}, and workspace {workspace} needs it.");
        try
        {
            return SealedBox.Open(master, row.WrappedDataKey, Purpose(workspace));
        }
        catch (CryptographicException notOurs)
        {
            throw new MasterKeyException(
                $"The master key in {masters.Origin} is not the one that this data directory was encrypted with: put the right one back.", notOurs);
        }
    }
}
