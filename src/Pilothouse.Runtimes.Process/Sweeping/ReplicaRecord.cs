using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;

namespace Pilothouse.Runtimes.Process.Sweeping;

/// <summary>
/// What a later control plane must know to clean up after this one was killed. Written before the process is started (without it) and again
/// once it is there.
/// </summary>
internal sealed record ReplicaRecord
{
    public required string Name { get; init; }
    public required string BootId { get; init; }

    /// <summary>Also its process group's and session's number; 0 while it is about to be started.</summary>
    public int ProcessId { get; init; }

    public long StartTicks { get; init; }

    /// <summary>The kernel sends it SIGTERM when we die: a second one could break off its flushing.</summary>
    public bool EndsWithUs { get; init; }

    /// <summary>Throw-away directories of it, absolute.</summary>
    public IReadOnlyList<string> Directories { get; init; } = [];
}

[JsonSerializable(typeof(ReplicaRecord))]
internal sealed partial class ReplicaRecordJson : JsonSerializerContext;

/// <summary>
/// One file for each replica, <c>{name}.json</c>. Replaced whole, so that a crash leaves the old or the new; not synced to disk, because a power
/// cut ends the processes too.
/// </summary>
internal sealed class ReplicaRecords(string directory, ILogger logger)
{
    private const string Suffix = ".json";

    /// <exception cref="IOException">The disk is full or gone; safe to retry.</exception>
    public void Write(ReplicaRecord record)
    {
        Directory.CreateDirectory(directory);
        var file = FileOf(record.Name);
        var temporary = file + ".new";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(record, ReplicaRecordJson.Default.ReplicaRecord));
        File.Move(temporary, file, overwrite: true);
    }

    public void Remove(string name)
    {
        if (Directory.Exists(directory)) File.Delete(FileOf(name));
    }

    /// <summary>Files that cannot be read are passed over: what they stood for is found by its environment.</summary>
    public IReadOnlyList<ReplicaRecord> ReadAll()
    {
        if (!Directory.Exists(directory)) return [];
        var records = new List<ReplicaRecord>();
        foreach (var file in Directory.EnumerateFiles(directory, "*" + Suffix))
        {
            if (TryRead(file) is { } record) records.Add(record);
        }

        return records;
    }

    /// <summary>All but those of <paramref name="kept"/>, also what is no record.</summary>
    public void RemoveAllBut(HashSet<string> kept)
    {
        if (!Directory.Exists(directory)) return;
        foreach (var file in Directory.EnumerateFiles(directory))
        {
            if (!kept.Contains(Path.GetFileNameWithoutExtension(file))) Removal.Try(file, logger, File.Delete);
        }
    }

    private ReplicaRecord? TryRead(string file)
    {
        try
        {
            var record = JsonSerializer.Deserialize(File.ReadAllBytes(file), ReplicaRecordJson.Default.ReplicaRecord);
            if (record is { Name: not null, BootId: not null, Directories: not null }) return record;
            logger.RecordUnreadable(exception: null, file);
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            logger.RecordUnreadable(exception, file);
        }

        return null;
    }

    private string FileOf(string name) => Path.Combine(directory, name + Suffix);
}
