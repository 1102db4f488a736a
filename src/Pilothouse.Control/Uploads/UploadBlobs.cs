using Pilothouse.Control.Storage;
using Pilothouse.Core.Blobs;

namespace Pilothouse.Control.Uploads;

/// <summary>
/// Archives, in a directory or in a bucket. One under its final name is whole; what is still arriving lies apart. Object paths are only ever from
/// rows, never from a request.
/// </summary>
/// <param name="bucket">Null: they lie in the directory.</param>
internal sealed class UploadBlobs(DataDirectory directory, DataDirectoryLock replica, IBucket? bucket)
{
    private const string ContentType = "application/gzip";

    private string AllArriving => Path.Combine(directory.Blobs, "arriving");

    /// <summary>Of this control plane: others may share the directory.</summary>
    private string Arriving => Path.Combine(AllArriving, replica.Replica);

    public static string NewObjectPath(Guid workspace, Guid deployment) =>
        $"uploads/{workspace:D}/{deployment:D}/{Guid.NewGuid():N}.tar.gz";

    /// <summary>Where a sender puts its archive without us; null where it comes through us.</summary>
    public Uri? SignUpload(string objectPath, TimeSpan lifetime) => bucket?.SignPut(ArrivingKey(objectPath), ContentType, lifetime);

    /// <summary>What a sender put into the bucket.</summary>
    /// <returns>Null when nothing is there, or senders put nothing there.</returns>
    public async Task<BucketObject?> FindArrivedAsync(string objectPath, CancellationToken cancellationToken) =>
        bucket is null ? null : await bucket.FindAsync(ArrivingKey(objectPath), cancellationToken);

    /// <summary>From where its sender may still write to where nobody does.</summary>
    /// <returns>False when it is gone, or was written anew.</returns>
    public Task<bool> KeepAsync(string objectPath, BucketObject arrived, CancellationToken cancellationToken) =>
        bucket!.CopyAsync(arrived.Key, objectPath, arrived.Tag, cancellationToken);

    /// <summary>A new file, readable by its owner alone.</summary>
    public FileStream CreateArriving()
    {
        Directory.CreateDirectory(Arriving);
        var settings = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = 128 * 1024,
            Options = FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows()) settings.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(Path.Combine(Arriving, $"{Guid.NewGuid():N}.part"), settings);
    }

    /// <summary>Gives a synced file its final name; it is not where it was afterwards.</summary>
    public async Task PublishAsync(string arrived, string objectPath, CancellationToken cancellationToken)
    {
        if (bucket is not null)
        {
            await bucket.PutAsync(objectPath, arrived, cancellationToken);
            File.Delete(arrived);
            return;
        }

        var file = FileOf(objectPath);
        DurableFile.CreateFolder(Path.GetDirectoryName(file)!, safe: Path.GetDirectoryName(directory.Blobs));
        DurableFile.Publish(arrived, file);
    }

    /// <returns>The archive as a file of this machine, until it is disposed; null when it is not there (any more).</returns>
    public async Task<LocalBlob?> OpenAsync(string objectPath, CancellationToken cancellationToken)
    {
        if (bucket is null) return File.Exists(FileOf(objectPath)) ? new LocalBlob(FileOf(objectPath), isCopy: false) : null;
        string copy;
        await using (var empty = CreateArriving()) copy = empty.Name;
        var local = new LocalBlob(copy, isCopy: true);
        try
        {
            if (await bucket.GetAsync(objectPath, copy, cancellationToken)) return local;
        }
        catch
        {
            local.Dispose();
            throw;
        }

        local.Dispose();
        return null;
    }

    public async Task RemoveAsync(string objectPath, CancellationToken cancellationToken)
    {
        if (bucket is not null)
        {
            await bucket.RemoveAsync(ArrivingKey(objectPath), cancellationToken);
            await bucket.RemoveAsync(objectPath, cancellationToken);
            return;
        }

        var file = FileOf(objectPath);
        if (File.Exists(file)) File.Delete(file);
    }

    public async Task RemoveAllAsync(Guid workspace, Guid deployment, CancellationToken cancellationToken)
    {
        var prefix = $"uploads/{workspace:D}/{deployment:D}/";
        if (bucket is null)
        {
            var folder = FileOf(prefix);
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            return;
        }

        foreach (var begin in (string[])[ArrivingKey(prefix), prefix])
            await foreach (var one in bucket.ListAsync(begin, cancellationToken)) await bucket.RemoveAsync(one.Key, cancellationToken);
    }

    /// <summary>What arrived in part when an earlier process ended. Only while nothing is served.</summary>
    public void RemoveArriving()
    {
        var dead = directory.IsShared ? Arriving : AllArriving;
        if (Directory.Exists(dead)) Directory.Delete(dead, recursive: true);
    }

    private static string ArrivingKey(string objectPath) => $"arriving/{objectPath}";

    private string FileOf(string objectPath) => Path.Combine(directory.Blobs, objectPath);
}

/// <summary>An archive as a file.</summary>
internal sealed class LocalBlob(string file, bool isCopy) : IDisposable
{
    public string File { get; } = file;

    /// <summary>Of what is in the bucket.</summary>
    public bool IsCopy => isCopy;

    public void Dispose()
    {
        if (isCopy) System.IO.File.Delete(File);
    }
}
