using System.Text.Json;
using System.Text.RegularExpressions;

namespace Pilothouse.Control.Backups;

/// <summary>Sees a backup pass by, from its beginning to its end.</summary>
internal interface IBackupVisitor
{
    Task HeaderAsync(BackupHeader header, CancellationToken cancellationToken);

    Task RowAsync(BackupTable table, object?[] values, CancellationToken cancellationToken);

    /// <param name="content">Must be read to its end.</param>
    Task BlobAsync(string sha256, long size, Stream content, CancellationToken cancellationToken);
}

/// <summary>Reads a backup in the one order that there is (<see cref="BackupFormat"/>), and believes nothing that it says.</summary>
internal static partial class BackupReading
{
    /// <summary>All of it was read, and every entry is what the manifest says.</summary>
    /// <exception cref="BackupRefusedException">Not a backup, damaged, cut off, or of a later format.</exception>
    public static async Task<BackupManifest> ReadAsync(string file, IBackupVisitor visitor, CancellationToken cancellationToken)
    {
        if (!File.Exists(file)) throw new BackupRefusedException($"There is no file '{file}'.");
        try
        {
            await using var archive = new BackupArchive(file);
            var header = Header(await DocumentAsync(await archive.NextAsync(cancellationToken), BackupFormat.HeaderName, BackupFormat.HeaderLimitBytes, cancellationToken));
            await visitor.HeaderAsync(header, cancellationToken);
            foreach (var table in header.Tables) await TableAsync(archive, table, visitor, cancellationToken);
            var entry = await archive.NextAsync(cancellationToken);
            for (; entry is not null && entry.Name.StartsWith(BackupFormat.BlobsFolder, StringComparison.Ordinal); entry = await archive.NextAsync(cancellationToken))
                await BlobAsync(archive, entry, visitor, cancellationToken);
            var manifest = Parse(
                await DocumentAsync(entry, BackupFormat.ManifestName, BackupFormat.ManifestLimitBytes, cancellationToken), BackupFormat.Json.Default.BackupManifest);
            if (!manifest.Entries.SequenceEqual(archive.Read)) throw new InvalidDataException("its entries are not those that its manifest names");
            if (await archive.NextAsync(cancellationToken) is { } more) throw new InvalidDataException($"it holds '{Shown(more.Name)}' after its manifest");
            var misnamed = archive.Read.Find(
                read => read.Name.StartsWith(BackupFormat.BlobsFolder, StringComparison.Ordinal) && !read.Name.EndsWith(read.Sha256, StringComparison.Ordinal));
            if (misnamed is not null) throw new InvalidDataException($"'{misnamed.Name}' is not what its name says");
            return manifest;
        }
        catch (InvalidDataException damaged)
        {
            throw new BackupRefusedException($"'{file}' cannot be used: it is damaged, or no backup ({damaged.Message.TrimEnd('.')}).", damaged);
        }
    }

    private static async Task TableAsync(BackupArchive archive, BackupTable table, IBackupVisitor visitor, CancellationToken cancellationToken)
    {
        var rows = 0L;
        for (var part = 1; rows < table.Rows; part++)
        {
            var name = BackupFormat.PartName(table.Name, part);
            var entry = await archive.NextAsync(cancellationToken);
            if (!name.Equals(entry?.Name, StringComparison.Ordinal)) throw new InvalidDataException($"'{Shown(entry?.Name)}' stands where '{name}' should");
            var before = rows;
            await foreach (var values in TableLines.ReadAsync(table, entry!.Content, cancellationToken))
            {
                if (++rows > table.Rows) throw new InvalidDataException($"'{table.Name}' has more rows than it should");
                await visitor.RowAsync(table, values, cancellationToken);
            }

            if (rows == before) throw new InvalidDataException($"'{name}' is empty");
        }
    }

    private static async Task BlobAsync(BackupArchive archive, ArchiveEntry entry, IBackupVisitor visitor, CancellationToken cancellationToken)
    {
        var sha256 = entry.Name[BackupFormat.BlobsFolder.Length..];
        if (!Sha256().IsMatch(sha256)) throw new InvalidDataException($"'{Shown(entry.Name)}' is no name of an archive");
        await visitor.BlobAsync(sha256, entry.Size, entry.Content, cancellationToken);
    }

    private static async Task<byte[]> DocumentAsync(ArchiveEntry? entry, string name, int limit, CancellationToken cancellationToken)
    {
        if (!name.Equals(entry?.Name, StringComparison.Ordinal)) throw new InvalidDataException($"'{Shown(entry?.Name)}' stands where '{name}' should");
        if (entry!.Size > limit) throw new InvalidDataException($"'{name}' is too large");
        var content = new byte[entry.Size];
        await entry.Content.ReadExactlyAsync(content, cancellationToken);
        return content;
    }

    private static BackupHeader Header(byte[] content)
    {
        var start = Parse(content, BackupFormat.Json.Default.BackupStart);
        if (start.Format > BackupFormat.Version)
            throw new BackupRefusedException($"The backup was made by version {Shown(start.ProgramVersion)}, in a format that version {BackupFormat.ProgramVersion} does not know: restore it with that version.");
        var header = Parse(content, BackupFormat.Json.Default.BackupHeader);
        return header.Format == BackupFormat.Version && header.Tables.All(IsTable) ? header : throw new InvalidDataException("its header is none");
    }

    /// <summary>JSON may have null anywhere in a list.</summary>
    private static bool IsTable(BackupTable? table) =>
        table is { Rows: >= 0, Columns.Count: > 0 } && Identifier().IsMatch(table.Name)
        && table.Columns.All(column => column is not null && Identifier().IsMatch(column.Name));

    private static T Parse<T>(byte[] content, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(content, type) ?? throw new InvalidDataException("a document in it is empty");
        }
        catch (JsonException wrong)
        {
            throw new InvalidDataException("a document in it cannot be read", wrong);
        }
    }

    /// <summary>What a stranger wrote, for a terminal.</summary>
    internal static string Shown(string? text) => text is null
        ? "its end"
        : new string([.. text.Take(100).Select(character => char.IsAsciiLetterOrDigit(character) || "._-/+:".Contains(character, StringComparison.Ordinal) ? character : '?')]);

    [GeneratedRegex(@"\A[0-9a-f]{64}\z")]
    private static partial Regex Sha256();

    [GeneratedRegex(@"\A[a-z][a-z0-9_]{0,62}\z")]
    private static partial Regex Identifier();
}
