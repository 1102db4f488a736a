using System.Text.Json;
using Pilothouse.Core.Blobs;

namespace Pilothouse.Builds.Artifacts;

/// <summary>
/// Artifacts where all control planes find them, <c>artifacts/{digest}.tar.gz</c>, and what they were built from, <c>builds/{key}/{digest}.json</c>. The
/// store of this machine is a cache of it.
/// </summary>
/// <param name="folder">For what is on its way.</param>
/// <param name="mostBytes">Of one artifact, unpacked.</param>
internal sealed class ArtifactBucket(IBucket bucket, ArtifactStore store, string folder, long mostBytes, TimeSpan grace, TimeProvider time)
{
    private const string Artifacts = "artifacts/";
    private const string Builds = "builds/";
    private const string Packed = ".tar.gz";

    public async Task<bool> HasAsync(string digest, CancellationToken cancellationToken) => await bucket.FindAsync(KeyOf(digest), cancellationToken) is not null;

    /// <summary>Of an artifact that is here. One that is there is put again when it is old, so that no sweep takes it before a revision names it.</summary>
    public async Task ShareAsync(string key, IndexEntry entry, CancellationToken cancellationToken)
    {
        var there = await bucket.FindAsync(KeyOf(entry.Digest), cancellationToken);
        if (there is null || there.At < time.GetUtcNow() - (grace / 2))
            await WithFileAsync(async file =>
            {
                await ArtifactArchive.PackAsync(store.FolderOf(entry.Digest), file, cancellationToken);
                await bucket.PutAsync(KeyOf(entry.Digest), file, cancellationToken);
                return true;
            });
        await WithFileAsync(async file =>
        {
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(entry), cancellationToken);
            await bucket.PutAsync($"{Builds}{key}/{entry.Digest}.json", file, cancellationToken);
            return true;
        });
    }

    /// <summary>What somebody built from this input; null when nobody did.</summary>
    public async Task<IndexEntry?> FindAsync(string key, CancellationToken cancellationToken)
    {
        BucketObject? newest = null;
        await foreach (var one in bucket.ListAsync($"{Builds}{key}/", cancellationToken))
            if (newest is null || one.At > newest.At) newest = one;
        return newest is null
            ? null
            : await WithFileAsync(async file => await bucket.GetAsync(newest.Key, file, cancellationToken)
                ? JsonSerializer.Deserialize<IndexEntry>(await File.ReadAllTextAsync(file, cancellationToken))
                : null);
    }

    /// <summary>Into the store of this machine.</summary>
    /// <returns>False when it is not there, or not what its name says: then it is removed, and has to be built again.</returns>
    public async Task<bool> FetchAsync(string digest, CancellationToken cancellationToken)
    {
        var arrived = Path.Combine(folder, $"{Guid.NewGuid():N}");
        try
        {
            return await WithFileAsync(async file =>
            {
                if (!await bucket.GetAsync(KeyOf(digest), file, cancellationToken)) return false;
                if (await TakeAsync(file, arrived, digest, cancellationToken)) return true;
                await bucket.RemoveAsync(KeyOf(digest), cancellationToken);
                return false;
            });
        }
        finally
        {
            if (Directory.Exists(arrived)) await FileTree.DeleteAsync(arrived, CancellationToken.None);
        }
    }

    public async Task<int> RemoveUnusedAsync(IReadOnlySet<string> digestsInUse, CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - grace;
        var removed = 0;
        foreach (var prefix in (string[])[Builds, Artifacts])
        {
            await foreach (var one in bucket.ListAsync(prefix, cancellationToken))
            {
                if (one.At > before || digestsInUse.Contains(Path.GetFileName(one.Key).Split('.')[0])) continue;
                await bucket.RemoveAsync(one.Key, cancellationToken);
                if (string.Equals(prefix, Artifacts, StringComparison.Ordinal)) removed++;
            }
        }

        return removed;
    }

    /// <summary>What transfers left that were killed; only while nothing is under way.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder)) await FileTree.DeleteAsync(folder, cancellationToken);
    }

    private async Task<bool> TakeAsync(string file, string arrived, string digest, CancellationToken cancellationToken)
    {
        try
        {
            await ArtifactArchive.UnpackAsync(file, arrived, mostBytes, cancellationToken);
        }
        catch (InvalidDataException)
        {
            return false;
        }

        return store.Take(arrived, digest, cancellationToken);
    }

    private async Task<T> WithFileAsync<T>(Func<string, Task<T>> use)
    {
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, $"{Guid.NewGuid():N}.part");
        try
        {
            return await use(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string KeyOf(string digest) => $"{Artifacts}{digest}{Packed}";
}
