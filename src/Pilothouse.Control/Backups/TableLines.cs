using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Pilothouse.Control.Backups;

/// <summary>Rows out of a part; one is in memory at a time.</summary>
internal static class TableLines
{
    private const int ReadBytes = 128 * 1024;

    /// <exception cref="InvalidDataException">Not rows of this table.</exception>
    public static async IAsyncEnumerable<object?[]> ReadAsync(
        BackupTable table, Stream part, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pipe = PipeReader.Create(part, new StreamPipeReaderOptions(bufferSize: ReadBytes, minimumReadSize: 4096, leaveOpen: true));
        while (true)
        {
            var read = await pipe.ReadAsync(cancellationToken);
            var left = read.Buffer;
            while (left.PositionOf((byte)'\n') is { } end)
            {
                yield return Parse(table, left.Slice(0, end));
                left = left.Slice(left.GetPosition(1, end));
            }

            if (left.Length > BackupFormat.RowLimitBytes) throw new InvalidDataException($"a row of '{table.Name}' is larger than rows are");
            if (read.IsCompleted && !left.IsEmpty) throw new InvalidDataException($"a row of '{table.Name}' is cut off");
            pipe.AdvanceTo(left.Start, left.End);
            if (read.IsCompleted) break;
        }

        await pipe.CompleteAsync();
    }

    private static object?[] Parse(BackupTable table, ReadOnlySequence<byte> line)
    {
        try
        {
            var json = new Utf8JsonReader(line);
            var values = new object?[table.Columns.Count];
            if (!json.Read() || json.TokenType != JsonTokenType.StartArray) throw new FormatException();
            for (var at = 0; at < values.Length; at++)
            {
                if (!json.Read()) throw new FormatException();
                values[at] = table.Columns[at].Kind.Read(ref json);
            }

            if (!json.Read() || json.TokenType != JsonTokenType.EndArray || json.Read()) throw new FormatException();
            return values;
        }
        catch (Exception wrong) when (wrong is JsonException or FormatException or InvalidOperationException or ArgumentOutOfRangeException)
        {
            throw new InvalidDataException($"a row of '{table.Name}' is none", wrong);
        }
    }
}
