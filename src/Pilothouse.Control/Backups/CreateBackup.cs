using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Backups;

/// <summary>What is in a backup.</summary>
/// <param name="MissingBlobs">Object paths of uploads whose archive was not there, or was damaged.</param>
public sealed record BackupSummary(long Rows, int Blobs, long FileBytes, IReadOnlyList<string> MissingBlobs);

/// <summary>Writes a store, as it was at one moment, into one file; whoever uses the store goes on.</summary>
internal sealed class CreateBackup(IDbContextFactory<PilothouseDb> databases, DataDirectory directory, UploadArchives archives, TimeProvider clock)
{
    private static readonly string[] s_leftOut =
    [
        "The master key: without it no secret of this backup can be read.",
        "The first admin key's file: the keys themselves are in the store, as hashes.",
        "Artifacts: they are built again from the uploaded sources.",
        "Agents' own state folders: they change while an agent runs.",
    ];

    /// <summary>The file is there whole, for its owner alone, or as it was before.</summary>
    public async Task<BackupSummary> RunAsync(string file, CancellationToken cancellationToken)
    {
        var path = Path.GetFullPath(file);
        var temporary = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            BackupSummary summary;
            await using (var target = Create(temporary))
            {
                summary = await WriteAsync(target, cancellationToken);
                target.Flush(flushToDisk: true);
            }

            DurableFile.Publish(temporary, path);
            return summary;
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private async Task<BackupSummary> WriteAsync(FileStream target, CancellationToken cancellationToken)
    {
        var takenAt = clock.GetUtcNow();
        await using var writer = new BackupWriter(target, takenAt);
        BackupHeader header;
        IReadOnlyList<StoredArchive> stored;

        // Closed before the archives are copied: until then SQLite keeps all that is written meanwhile in its log.
        await using (var snapshot = await OpenAsync(cancellationToken))
        {
            header = await HeaderAsync(snapshot, takenAt, cancellationToken);
            await writer.AddAsync(BackupFormat.HeaderName, JsonSerializer.SerializeToUtf8Bytes(header, BackupFormat.Json.Default.BackupHeader), cancellationToken);
            foreach (var table in header.Tables) await TableDump.WriteAsync(snapshot, table, writer, cancellationToken);
            stored = await UploadArchives.ListAsync(snapshot, cancellationToken);
        }

        var missing = await archives.WriteAsync(stored, writer, cancellationToken);
        await writer.EndAsync(missing, s_leftOut, cancellationToken);
        return new BackupSummary(header.Tables.Sum(table => table.Rows), stored.Count - missing.Count, target.Length, missing);
    }

    private async Task<Snapshot> OpenAsync(CancellationToken cancellationToken)
    {
        await using (var db = await databases.CreateDbContextAsync(cancellationToken))
        {
            if (db is SqliteDb && !File.Exists(directory.DatabaseFile))
                throw new BackupRefusedException($"There is no store in '{directory.Root}': name the data directory with --data.");
        }

        return await Snapshot.OpenAsync(databases, cancellationToken);
    }

    private static async Task<BackupHeader> HeaderAsync(Snapshot snapshot, DateTimeOffset takenAt, CancellationToken cancellationToken)
    {
        var known = snapshot.Db.Database.GetMigrations().ToList();
        var applied = (await snapshot.Db.Database.GetAppliedMigrationsAsync(cancellationToken)).ToList();
        if (applied.Except(known, StringComparer.Ordinal).LastOrDefault() is { } newer)
            throw new BackupRefusedException($"The store has the schema {newer}, which version {BackupFormat.ProgramVersion} does not know: back it up with the program that uses it.");
        if (known.Except(applied, StringComparer.Ordinal).Any())
            throw new BackupRefusedException($"The store has the schema of an older version than {BackupFormat.ProgramVersion}: back it up with the program that uses it, or migrate it first.");

        var tables = new List<BackupTable>();
        foreach (var table in StoreTables.Of(snapshot.Db))
            tables.Add(table with { Rows = await snapshot.NumberAsync($"SELECT COUNT(*) FROM \"{table.Name}\"", cancellationToken) ?? 0 });
        return new BackupHeader(
            BackupFormat.Version, BackupFormat.ProgramVersion, StoreTables.EngineOf(snapshot.Db), known[^1], takenAt, tables,
            await IdentityMarks.ReadAsync(snapshot, cancellationToken));
    }

    private static FileStream Create(string path)
    {
        var settings = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 128 * 1024,
            Options = FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows()) settings.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, settings);
    }
}
