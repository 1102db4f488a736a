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

    /// <exception cref="BackupRefusedException">Something is in the store.</exception>
    public static async Task CheckEmptyAsync(PilothouseDb db, CancellationToken cancellationToken)
    {
        var applied = (await db.Database.GetAppliedMigrationsAsync(cancellationToken)).ToList();
        if (applied.Count == 0) return;
        if (!db.Database.GetMigrations().Contains(applied[^1], StringComparer.Ordinal)) throw NotEmpty(db);
        foreach (var table in ModelOf(db, applied[^1]).GetEntityTypes().Select(type => type.GetTableName()!))
        {
            var rows = table.Equals("counters", StringComparison.Ordinal)
                ? db.Database.SqlQuery<int>($"SELECT 1 AS \"Value\" FROM counters WHERE name <> {UnfinishedRestore.Mark} LIMIT 1")
                : db.Database.SqlQueryRaw<int>(StoreTables.SelectAny(table));
            if ((await rows.ToListAsync(cancellationToken)).Count > 0) throw NotEmpty(db);
        }
    }

    private static BackupRefusedException NotEmpty(PilothouseDb db) => new(
        db is SqliteDb
            ? "There is a store in this data directory already, and a restore never writes over one: name another directory with --data."
            : "There is something in this database already, and a restore never writes over it: name an empty one with --database.");

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
