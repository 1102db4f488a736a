using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Pilothouse.Control.Backups;

/// <summary>Rows of a table as lines of JSON, a part at a time: no more than one part is in memory.</summary>
internal static class TableDump
{
    private static readonly JsonWriterOptions s_compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(Snapshot snapshot, BackupTable table, BackupWriter target, CancellationToken cancellationToken)
    {
        var part = new ArrayBufferWriter<byte>(64 * 1024);
        await using var json = new Utf8JsonWriter(part, s_compact);
        await using var rows = await snapshot.ReadAsync(StoreTables.Select(table), cancellationToken);
        var parts = 0;
        while (await rows.ReadAsync(cancellationToken))
        {
            json.WriteStartArray();
            for (var at = 0; at < table.Columns.Count; at++) table.Columns[at].Kind.Write(json, snapshot.Db, rows, at);
            json.WriteEndArray();
            json.Flush();
            part.Write("\n"u8);
            json.Reset();
            if (part.WrittenCount < BackupFormat.PartBytes) continue;
            await target.AddAsync(BackupFormat.PartName(table.Name, ++parts), part.WrittenMemory, cancellationToken);
            part.ResetWrittenCount();
        }

        if (part.WrittenCount > 0) await target.AddAsync(BackupFormat.PartName(table.Name, ++parts), part.WrittenMemory, cancellationToken);
    }
}
