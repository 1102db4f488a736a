using Pilothouse.Builds.Native;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Launching;

namespace Pilothouse.Builds.Artifacts;

/// <summary>
/// Finished artifacts, <c>{data}/artifacts/{digest}</c>, each with its <c>launch.json</c>. They appear by a rename, whole, and vanish by one.
/// </summary>
internal sealed class ArtifactStore(string directory, ArtifactIndex index, TimeSpan grace, TimeProvider time)
{
    private const string LaunchFile = "launch.json";
    private const string RemovedPrefix = ".removed-";
    private const string ArrivingPrefix = ".arriving-";
    private const int OtherFileSystem = 18; // EXDEV
    private const int DigestLetters = 64;

    private readonly Lock _lock = new();

    /// <summary>Notes that somebody is about to use it, so that it is not removed meanwhile. Null when it is not there.</summary>
    public Artifact? Find(string digest, string serverVersion)
    {
        lock (_lock)
        {
            var folder = FolderOf(digest);
            if (!Directory.Exists(folder)) return null;
            Directory.SetLastWriteTimeUtc(folder, time.GetUtcNow().UtcDateTime);
            return new Artifact(digest, LaunchSpecJson.Read(File.ReadAllText(Path.Combine(folder, LaunchFile))), serverVersion);
        }
    }

    public bool Has(string digest) => Directory.Exists(FolderOf(digest));

    /// <summary>Takes a folder in that was an artifact on another machine, if it still is that one.</summary>
    /// <returns>False when it is another.</returns>
    public bool Take(string folder, string digest, CancellationToken cancellationToken)
    {
        var launch = Path.Combine(folder, LaunchFile);
        if (!File.Exists(launch) || new FileInfo(launch).LinkTarget is not null) return false;
        var text = File.ReadAllText(launch);
        File.Delete(launch);
        var tree = new ArtifactTree(folder, new NoLog());
        var entries = tree.Normalize(cancellationToken);
        if (tree.Fault is not null || !string.Equals(TreeDigest.Of(folder, entries, text, cancellationToken).Digest, digest, StringComparison.Ordinal)) return false;
        File.WriteAllText(launch, text);
        Libc.SyncFileSystem(folder);
        lock (_lock) Publish(folder, FolderOf(digest), cancellationToken);
        return true;
    }

    /// <summary>Takes a built folder in, under its digest; one that is there already stays as it is.</summary>
    /// <param name="built">Holds <c>src</c> and what the agent server put beside it.</param>
    /// <returns>The artifact, or one sentence that says why it can be none.</returns>
    public (Artifact? Artifact, string Fault) Add(string built, LaunchSpec launch, string serverVersion, IBuildLog log, CancellationToken cancellationToken)
    {
        var text = LaunchSpecJson.Write(launch);
        var tree = new ArtifactTree(built, log);
        var entries = tree.Normalize(cancellationToken);
        if (tree.Fault is not null) return (null, tree.Fault);
        var digest = TreeDigest.Of(built, entries, text, cancellationToken);
        foreach (var path in digest.Bound)
            log.Write("WARNING", $"{Sources.SourcePath.Shown(path)} holds the path of the folder that it was built in; the artifact runs in another one.");
        if (Find(digest.Digest, serverVersion) is { } there) return (there, "");

        File.WriteAllText(Path.Combine(built, LaunchFile), text);
        Libc.SyncFileSystem(built);
        lock (_lock) Publish(built, FolderOf(digest.Digest), cancellationToken);

        log.Write("INFO", $"Artifact {digest.Digest[..12]} with {digest.Files} files.");
        return (new Artifact(digest.Digest, launch, serverVersion), "");
    }

    public async Task<int> RemoveUnusedAsync(IReadOnlySet<string> digestsInUse, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(directory)) return 0;
        var removed = 0;
        foreach (var folder in Directory.GetDirectories(directory))
        {
            var name = Path.GetFileName(folder);
            if (IsLeftOver(folder))
            {
                await FileTree.DeleteAsync(folder, cancellationToken);
                continue;
            }

            if (name.Length != DigestLetters || digestsInUse.Contains(name)) continue;
            var aside = Path.Combine(directory, $"{RemovedPrefix}{name}-{Guid.NewGuid():N}");
            lock (_lock)
            {
                if (Directory.GetLastWriteTimeUtc(folder) > time.GetUtcNow().UtcDateTime - grace) continue;
                Directory.Move(folder, aside);
            }

            await FileTree.DeleteAsync(aside, cancellationToken);
            removed++;
        }

        index.Prune(digest => Directory.Exists(FolderOf(digest)), time.GetUtcNow() - grace);
        return removed;
    }

    /// <summary>By a rename, which is all or nothing also where other control planes look at the same directory.</summary>
    private void Publish(string built, string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        try
        {
            Directory.SetLastWriteTimeUtc(built, time.GetUtcNow().UtcDateTime);
            Directory.Move(built, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Somebody else built the same.
        }
        catch (IOException apart) when (apart.HResult == OtherFileSystem)
        {
            var arriving = Path.Combine(directory, $"{ArrivingPrefix}{Guid.NewGuid():N}");
            FileTree.Copy(built, arriving, cancellationToken);
            Libc.SyncFileSystem(arriving);
            Publish(arriving, folder, cancellationToken);
        }

        Libc.SyncFolder(directory);
    }

    private bool IsLeftOver(string folder) => Path.GetFileName(folder) is { } name
        && (name.StartsWith(RemovedPrefix, StringComparison.Ordinal)
            || (name.StartsWith(ArrivingPrefix, StringComparison.Ordinal) && Directory.GetLastWriteTimeUtc(folder) < time.GetUtcNow().UtcDateTime - grace));

    public string FolderOf(string digest) => Path.Combine(directory, digest);

    /// <summary>What could be said of it was said where it was built.</summary>
    private sealed class NoLog : IBuildLog
    {
        public void Write(string level, string message)
        {
        }
    }
}
