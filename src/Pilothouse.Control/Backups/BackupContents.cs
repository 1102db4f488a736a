using System.Text.RegularExpressions;
using Pilothouse.Control.Secrets;

namespace Pilothouse.Control.Backups;

/// <summary>First pass over a backup: nothing is written, and what the second one needs is kept.</summary>
internal sealed partial class BackupContents : IBackupVisitor
{
    private const string Uploads = "uploads";
    private const string Workspaces = "workspaces";

    private readonly Dictionary<string, long> _sizes = new(StringComparer.Ordinal);
    private readonly List<WrappedDataKey> _dataKeys = [];

    public BackupHeader Header { get; private set; } = null!;

    public BackupManifest Manifest { get; private set; } = null!;

    /// <summary>SHA-256 → object paths of the uploads that have that archive.</summary>
    public Dictionary<string, List<string>> Archives { get; } = new(StringComparer.Ordinal);

    public IReadOnlyList<WrappedDataKey> DataKeys => _dataKeys;

    public long Bytes => Manifest.Entries.Sum(entry => entry.Bytes);

    /// <exception cref="BackupRefusedException">Damaged, or no backup.</exception>
    public static async Task<BackupContents> ReadAsync(string file, CancellationToken cancellationToken)
    {
        var contents = new BackupContents();
        contents.Manifest = await BackupReading.ReadAsync(file, contents, cancellationToken);
        var absent = contents.Archives.Values.SelectMany(paths => paths).Except(contents.Manifest.MissingBlobs, StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        foreach (var blob in contents.Manifest.Entries.Where(entry => entry.Name.StartsWith(BackupFormat.BlobsFolder, StringComparison.Ordinal)))
            absent.ExceptWith(contents.Archives[blob.Sha256]);
        return absent.Count == 0
            ? contents
            : throw new BackupRefusedException($"'{file}' cannot be used: it is damaged (an uploaded source is not in it, though its manifest says so).");
    }

    public Task HeaderAsync(BackupHeader header, CancellationToken cancellationToken)
    {
        Header = header;
        return Task.CompletedTask;
    }

    public Task RowAsync(BackupTable table, object?[] values, CancellationToken cancellationToken)
    {
        switch (table.Name)
        {
            case Workspaces:
                _dataKeys.Add(new WrappedDataKey(
                    new(Value<Guid>(table, values, "id")), Value<byte[]>(table, values, "wrapped_data_key"), (int)Value<long>(table, values, "master_key_version")));
                break;
            case Uploads:
                AddUpload(table, values);
                break;
        }

        return Task.CompletedTask;
    }

    public async Task BlobAsync(string sha256, long size, Stream content, CancellationToken cancellationToken)
    {
        if (!_sizes.Remove(sha256, out var expected)) throw new InvalidDataException($"'{BackupFormat.BlobsFolder}{sha256}' is no upload's archive, or is in it twice");
        if (size != expected) throw new InvalidDataException($"'{BackupFormat.BlobsFolder}{sha256}' has another size than its upload");
        await content.CopyToAsync(Stream.Null, cancellationToken);
    }

    private void AddUpload(BackupTable table, object?[] values)
    {
        var path = Value<string>(table, values, "object_path");
        var match = ObjectPath().Match(path);
        if (!match.Success || Guid.Parse(match.Groups[1].ValueSpan) != Value<Guid>(table, values, "workspace_id")
            || Guid.Parse(match.Groups[2].ValueSpan) != Value<Guid>(table, values, "deployment_id"))
            throw new InvalidDataException($"an upload is to lie at '{BackupReading.Shown(path)}'");
        if (Find(table, values, "stored_at") is null || Find(table, values, "sha256") is not string sha256) return;
        _sizes[sha256] = Value<long>(table, values, "size_bytes");
        if (!Archives.TryGetValue(sha256, out var paths)) Archives[sha256] = paths = [];
        paths.Add(path);
    }

    private static T Value<T>(BackupTable table, object?[] values, string column) =>
        Find(table, values, column) is T value ? value : throw new InvalidDataException($"a row of '{table.Name}' has no {column}");

    private static object? Find(BackupTable table, object?[] values, string column)
    {
        for (var at = 0; at < values.Length; at++)
            if (table.Columns[at].Name.Equals(column, StringComparison.Ordinal)) return values[at];
        return null;
    }

    [GeneratedRegex(@"\Auploads/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/[0-9a-f]{32}\.tar\.gz\z")]
    private static partial Regex ObjectPath();
}
