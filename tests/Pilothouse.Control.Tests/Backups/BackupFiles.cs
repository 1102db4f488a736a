using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pilothouse.Control.Backups;

namespace Pilothouse.Control.Tests.Backups;

/// <summary>Takes backups apart and puts them together again, with a manifest that fits whatever they are made to say.</summary>
internal static class BackupFiles
{
    private static CancellationToken Cancel => ControlHost.Cancel;

    public static async Task<List<(string Name, byte[] Content)>> ReadAsync(string file)
    {
        await using var archive = new BackupArchive(file);
        var entries = new List<(string, byte[])>();
        while (await archive.NextAsync(Cancel) is { } entry)
        {
            var content = new byte[entry.Size];
            await entry.Content.ReadExactlyAsync(content, Cancel);
            entries.Add((entry.Name, content));
        }

        return entries;
    }

    /// <summary>Its rows, as lines under the name of their table.</summary>
    public static async Task<SortedSet<string>> RowsAsync(string file) => new(
        (await ReadAsync(file)).Where(entry => entry.Name.StartsWith("tables/", StringComparison.Ordinal))
            .SelectMany(entry => Encoding.UTF8.GetString(entry.Content).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"{entry.Name.Split('/')[1]} {line}")),
        StringComparer.Ordinal);

    public static async Task<List<string[]>> RowsOfAsync(string file, string table) =>
        [.. (await RowsAsync(file)).Where(row => row.StartsWith($"{table} ", StringComparison.Ordinal))
            .Select(row => JsonNode.Parse(row[(table.Length + 1)..])!.AsArray().Select(value => value?.ToString() ?? "").ToArray())];

    /// <param name="change">Of everything but the manifest, which is made anew.</param>
    public static async Task RewriteAsync(string from, string to, Action<List<(string Name, byte[] Content)>> change)
    {
        var entries = await ReadAsync(from);
        var manifest = JsonSerializer.Deserialize(entries[^1].Content, BackupFormat.Json.Default.BackupManifest)!;
        entries.RemoveAt(entries.Count - 1);
        change(entries);
        await using var file = File.Create(to);
        await using var writer = new BackupWriter(file, TimeProvider.System.GetUtcNow());
        foreach (var (name, content) in entries) await writer.AddAsync(name, content, Cancel);
        await writer.EndAsync(manifest.MissingBlobs, manifest.LeftOut, Cancel);
    }

    public static void ChangeHeader(this List<(string Name, byte[] Content)> entries, Action<JsonObject> change)
    {
        var header = JsonNode.Parse(entries[0].Content)!.AsObject();
        change(header);
        entries[0] = (entries[0].Name, Encoding.UTF8.GetBytes(header.ToJsonString()));
    }

    public static JsonObject Table(this JsonObject header, string name) =>
        header["tables"]!.AsArray().Select(table => table!.AsObject()).Single(table => string.Equals((string?)table["name"], name, StringComparison.Ordinal));

    /// <summary>Changes each row of a table.</summary>
    public static void ChangeRows(this List<(string Name, byte[] Content)> entries, string table, Action<JsonArray> change)
    {
        for (var at = 0; at < entries.Count; at++)
        {
            if (!entries[at].Name.StartsWith($"tables/{table}/", StringComparison.Ordinal)) continue;
            var lines = Encoding.UTF8.GetString(entries[at].Content).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
            {
                var row = JsonNode.Parse(line)!.AsArray();
                change(row);
                return row.ToJsonString() + "\n";
            });
            entries[at] = (entries[at].Name, Encoding.UTF8.GetBytes(string.Concat(lines)));
        }
    }

    /// <summary>The archive as tar has it.</summary>
    public static async Task<byte[]> UnpackAsync(string file)
    {
        await using var packed = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        await packed.CopyToAsync(plain, Cancel);
        return plain.ToArray();
    }

    public static async Task<bool> UnpacksToAsync(byte[] packed, byte[] plain)
    {
        try
        {
            await using var unpacked = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
            using var found = new MemoryStream();
            await unpacked.CopyToAsync(found, Cancel);
            return found.ToArray().AsSpan().SequenceEqual(plain);
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    public static async Task PackAsync(string file, byte[] plain)
    {
        await using var packed = new GZipStream(File.Create(file), CompressionLevel.Fastest);
        await packed.WriteAsync(plain, Cancel);
    }
}
