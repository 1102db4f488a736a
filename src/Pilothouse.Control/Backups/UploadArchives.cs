using System.Security.Cryptography;
using Pilothouse.Control.Uploads;

namespace Pilothouse.Control.Backups;

/// <param name="ObjectPath">Key of the row.</param>
internal sealed record StoredArchive(string ObjectPath, string Sha256, long SizeBytes);

/// <summary>Uploaded sources: the only blobs that nothing else can be made of again.</summary>
internal sealed class UploadArchives(UploadBlobs blobs)
{
    public static async Task<IReadOnlyList<StoredArchive>> ListAsync(Snapshot snapshot, CancellationToken cancellationToken)
    {
        var found = new List<StoredArchive>();
        await using var rows = await snapshot.ReadAsync(
            "SELECT \"object_path\", \"sha256\", \"size_bytes\" FROM \"uploads\" WHERE \"stored_at\" IS NOT NULL AND \"sha256\" IS NOT NULL ORDER BY \"object_path\"",
            cancellationToken);
        while (await rows.ReadAsync(cancellationToken)) found.Add(new StoredArchive(rows.GetString(0), rows.GetString(1), rows.GetInt64(2)));
        return found;
    }

    /// <returns>The object paths whose archive is not there, or is not what was uploaded.</returns>
    public async Task<IReadOnlyList<string>> WriteAsync(IReadOnlyList<StoredArchive> archives, BackupWriter target, CancellationToken cancellationToken)
    {
        var written = new HashSet<string>(StringComparer.Ordinal);
        var missing = new List<StoredArchive>();
        foreach (var archive in archives)
        {
            if (written.Contains(archive.Sha256)) continue;
            using var local = await blobs.OpenAsync(archive.ObjectPath, cancellationToken);
            await using var file = local is null ? null : await OpenAsync(local.File, archive, cancellationToken);
            if (file is null)
            {
                missing.Add(archive);
                continue;
            }

            await target.AddAsync(BackupFormat.BlobsFolder + archive.Sha256, file, file.Length, cancellationToken);
            written.Add(archive.Sha256);
        }

        return [.. missing.Where(archive => !written.Contains(archive.Sha256)).Select(archive => archive.ObjectPath)];
    }

    /// <summary>Whole under its name, or not at all; where one is already, it is written anew.</summary>
    public async Task RestoreAsync(IReadOnlyList<string> objectPaths, Stream content, CancellationToken cancellationToken)
    {
        string? arrived = null;
        try
        {
            await using (var file = blobs.CreateArriving())
            {
                arrived = file.Name;
                await content.CopyToAsync(file, cancellationToken);
                file.Flush(flushToDisk: true);
            }

            foreach (var path in objectPaths.Skip(1)) await blobs.PublishAsync(await CopyAsync(arrived, cancellationToken), path, cancellationToken);
            await blobs.PublishAsync(arrived, objectPaths[0], cancellationToken);
        }
        finally
        {
            if (arrived is not null) File.Delete(arrived);
        }
    }

    private async Task<string> CopyAsync(string path, CancellationToken cancellationToken)
    {
        await using var source = File.OpenRead(path);
        await using var copy = blobs.CreateArriving();
        await source.CopyToAsync(copy, cancellationToken);
        copy.Flush(flushToDisk: true);
        return copy.Name;
    }

    private static async Task<FileStream?> OpenAsync(string path, StoredArchive archive, CancellationToken cancellationToken)
    {
        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
            if (file.Length == archive.SizeBytes && sha256.Equals(archive.Sha256, StringComparison.Ordinal))
            {
                file.Position = 0;
                return file;
            }
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        await file.DisposeAsync();
        return null;
    }
}
