using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Backups;

/// <summary>Whether a backup fits into a store, and into which of its schemas.</summary>
internal static class RestoreTarget
{
    /// <returns>The migration whose schema the backup has.</returns>
    /// <exception cref="BackupRefusedException">The backup is a newer version's, or of a schema that was never one of this store.</exception>
    public static string MigrationFor(PilothouseDb db, BackupHeader header)
    {
        var known = db.Database.GetMigrations().ToList();
        var migration = known[^1];
        if (header.Engine.Equals(StoreTables.EngineOf(db), StringComparison.Ordinal))
        {
            migration = header.Migration;
            if (!known.Contains(migration, StringComparer.Ordinal))
                throw new BackupRefusedException($"The backup was made by version {BackupReading.Shown(header.ProgramVersion)}, whose schema {BackupReading.Shown(header.Migration)} version {BackupFormat.ProgramVersion} does not know: restore it with that version.");
        }

        if (!Fits(ModelOf(db, migration), header))
            throw new BackupRefusedException(
                migration.Equals(header.Migration, StringComparison.Ordinal)
                    ? $"The backup's tables are not those of the schema {migration}."
                    : $"The backup was made by version {BackupReading.Shown(header.ProgramVersion)} on {BackupReading.Shown(header.Engine)}, whose schema is another than that of version {BackupFormat.ProgramVersion}: only a store of the same version can be moved to another engine.");
        return migration;
    }

    /// <param name="migration">Whose schema the backup has.</param>
    /// <exception cref="BackupRefusedException">Something is in the store, or its schema is beyond that of the backup: a restore takes nothing away to make room.</exception>
    public static async Task CheckEmptyAsync(PilothouseDb db, string migration, CancellationToken cancellationToken)
    {
        var known = db.Database.GetMigrations().ToList();
        var applied = (await db.Database.GetAppliedMigrationsAsync(cancellationToken)).ToList();
        if (applied.Except(known, StringComparer.Ordinal).Any() || await HasRowsAsync(db, applied.LastOrDefault(), cancellationToken)) throw NotEmpty(db);
        if (applied.Count > 0 && known.IndexOf(applied[^1]) > known.IndexOf(migration))
            throw new BackupRefusedException($"The store has the schema {applied[^1]} already, and the backup the older {migration}; a restore never takes a schema back: name {Another(db)}.");
    }

    /// <param name="newest">Its newest migration; null: it has none of ours, and then any table is somebody's.</param>
    private static async Task<bool> HasRowsAsync(PilothouseDb db, string? newest, CancellationToken cancellationToken)
    {
        // SQLite makes a file where one only looks.
        if (newest is null) return await db.Database.CanConnectAsync(cancellationToken) && await HasAnyAsync(db, StoreTables.SelectForeign(db), cancellationToken);
        foreach (var table in ModelOf(db, newest).GetEntityTypes().Select(type => type.GetTableName()!))
        {
            if (await HasAnyAsync(db, StoreTables.SelectAny(table), cancellationToken)) return true;
        }

        return false;
    }

    private static async Task<bool> HasAnyAsync(PilothouseDb db, string select, CancellationToken cancellationToken) =>
        (await db.Database.SqlQueryRaw<int>(select).ToListAsync(cancellationToken)).Count > 0;

    private static BackupRefusedException NotEmpty(PilothouseDb db) => new(
        db is SqliteDb
            ? $"There is a store in this data directory already, and a restore never writes over one: name {Another(db)}."
            : $"There is something in this database already, and a restore never writes over it: name {Another(db)}.");

    private static string Another(PilothouseDb db) => db is SqliteDb ? "another directory with --data" : "an empty one with --database";

    /// <summary>Migrations keep the model that they lead to, without converters: its tables, columns and the types of its store.</summary>
    private static IModel ModelOf(PilothouseDb db, string migration)
    {
        var migrations = db.GetService<IMigrationsAssembly>();
        return migrations.CreateMigration(migrations.Migrations[migration], db.Database.ProviderName!).TargetModel;
    }

    private static bool Fits(IModel model, BackupHeader header)
    {
        var types = model.GetEntityTypes().ToDictionary(type => type.GetTableName()!, StringComparer.Ordinal);
        if (types.Count != header.Tables.Count || !types.Keys.ToHashSet(StringComparer.Ordinal).SetEquals(header.Tables.Select(table => table.Name))) return false;
        foreach (var table in header.Tables)
        {
            var columns = types[table.Name].GetProperties().ToDictionary(property => property.GetColumnName(), property => property.ClrType, StringComparer.Ordinal);
            if (columns.Count != table.Columns.Count || table.Columns.Any(column => !columns.Remove(column.Name, out var type) || !column.Kind.Fits(type))) return false;
        }

        return true;
    }
}
