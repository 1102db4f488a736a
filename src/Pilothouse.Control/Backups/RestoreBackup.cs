using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Backups;

/// <param name="MissingBlobs">Object paths of uploads whose archive the backup does not have.</param>
public sealed record RestoreSummary(string ProgramVersion, DateTimeOffset TakenAt, long Rows, int Blobs, IReadOnlyList<string> MissingBlobs);

/// <summary>
/// Brings a backup into an empty store. All that can be wrong is found before anything is written; then come archives and rows, the rows in one
/// transaction. Killed before its end, it can be run again, and until then nothing is served (<see cref="UnfinishedRestore"/>).
/// </summary>
internal sealed class RestoreBackup(
    IDbContextFactory<PilothouseDb> databases, DataDirectory directory, DataDirectoryLock directoryLock, DatabaseMigrator migrator, DataKeys dataKeys,
    UploadArchives archives)
{
    public async Task<RestoreSummary> RunAsync(string file, CancellationToken cancellationToken)
    {
        var contents = await BackupContents.ReadAsync(file, cancellationToken);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var migration = RestoreTarget.MigrationFor(db, contents.Header);
        directoryLock.Take();
        await dataKeys.CheckAsync(contents.DataKeys, cancellationToken);
        await RestoreTarget.CheckEmptyAsync(db, migration, cancellationToken);
        CheckSpace(contents);

        await migrator.MigrateToAsync(migration, cancellationToken);
        await ClaimAsync(db, migration, cancellationToken);
        await FillAsync(db, file, contents, migration, cancellationToken);
        await migrator.MigrateAsync(cancellationToken);
        return new RestoreSummary(
            contents.Header.ProgramVersion, contents.Header.TakenAt, contents.Header.Tables.Sum(table => table.Rows),
            contents.Archives.Values.Sum(paths => paths.Count) - contents.Manifest.MissingBlobs.Count, contents.Manifest.MissingBlobs);
    }

    /// <summary>A control plane that starts on the store at this moment has made its first rows before, and is seen here, or is refused (<see cref="Access.Bootstrap"/>).</summary>
    private static async Task ClaimAsync(PilothouseDb db, string migration, CancellationToken cancellationToken)
    {
        await using var transaction = await BeginAloneAsync(db, migration, cancellationToken);
        await UnfinishedRestore.SetAsync(db, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task<IDbContextTransaction> BeginAloneAsync(PilothouseDb db, string migration, CancellationToken cancellationToken)
    {
        var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        try
        {
            await db.HoldAsync(Guid.Empty, cancellationToken);
            await RestoreTarget.CheckEmptyAsync(db, migration, cancellationToken);
            return transaction;
        }
        catch
        {
            await transaction.DisposeAsync();
            throw;
        }
    }

    private async Task FillAsync(PilothouseDb db, string file, BackupContents contents, string migration, CancellationToken cancellationToken)
    {
        await using var transaction = await BeginAloneAsync(db, migration, cancellationToken);
        await UnfinishedRestore.ClearAsync(db, cancellationToken);
        var rows = new RestoreRows(db, archives, contents);
        var manifest = await BackupReading.ReadAsync(file, rows, cancellationToken);
        await rows.FlushAsync(cancellationToken);
        if (!manifest.Entries.SequenceEqual(contents.Manifest.Entries)) throw new BackupRefusedException($"'{file}' was changed while it was read: run this again.");
        foreach (var (table, column) in StoreTables.Identities(db))
            await IdentityMarks.WriteAsync(db, table, column, contents.Header.Identities.GetValueOrDefault(table), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>A backup that fills the disk would end the control plane that is on it.</summary>
    private void CheckSpace(BackupContents contents)
    {
        directory.Ensure();
        var free = new DriveInfo(directory.Root).AvailableFreeSpace;
        if (contents.Bytes > free)
            throw new BackupRefusedException($"The backup unpacks to {contents.Bytes} bytes, and '{directory.Root}' has {free} bytes left.");
    }
}
