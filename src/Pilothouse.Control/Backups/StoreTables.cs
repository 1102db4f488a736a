using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Backups;

/// <summary>Names are quoted: they come from the model, or were compared with it.</summary>
internal static class StoreTables
{
    public static string EngineOf(PilothouseDb db) => db is SqliteDb ? "sqlite" : "postgresql";

    /// <summary>All of this program, by name.</summary>
    public static IReadOnlyList<BackupTable> Of(PilothouseDb db) =>
    [
        .. db.Model.GetEntityTypes()
            .Select(type => new BackupTable(type.GetTableName()!, 0, [.. type.GetProperties().Select(Column)]))
            .OrderBy(table => table.Name, StringComparer.Ordinal),
    ];

    /// <summary>Tables with numbers that the engine gives out, and the column that has them.</summary>
    public static IReadOnlyList<(string Table, string Column)> Identities(PilothouseDb db) =>
    [
        .. db.Model.GetEntityTypes()
            .SelectMany(type => type.GetProperties()
                .Where(property => property.ValueGenerated == ValueGenerated.OnAdd && property.ClrType == typeof(long))
                .Select(property => (type.GetTableName()!, property.GetColumnName()))),
    ];

    public static string Select(BackupTable table) => $"SELECT {Columns(table)} FROM \"{table.Name}\"";

    /// <summary>Of a restore that did not end is a mark at most.</summary>
    public static string SelectAny(string table) => table.Equals("counters", StringComparison.Ordinal)
        ? $"SELECT 1 AS \"Value\" FROM counters WHERE name <> '{UnfinishedRestore.Mark}' LIMIT 1"
        : $"SELECT 1 AS \"Value\" FROM \"{table}\" LIMIT 1";

    /// <summary>Tables and the like where ours will lie, without those of migrations and, on PostgreSQL, of extensions.</summary>
    public static string SelectForeign(PilothouseDb db) => db is SqliteDb
        ? @"SELECT 1 AS ""Value"" FROM sqlite_master WHERE name NOT LIKE '\_\_EFMigrations%' ESCAPE '\' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' LIMIT 1"
        : """
          SELECT 1 AS "Value" FROM pg_class one JOIN pg_namespace space ON space.oid = one.relnamespace
          WHERE space.nspname = current_schema() AND one.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND one.relname NOT LIKE '\_\_EFMigrations%'
            AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = one.oid AND deptype = 'e')
          LIMIT 1
          """;

    public static string Columns(BackupTable table) => string.Join(", ", table.Columns.Select(column => $"\"{column.Name}\""));

    private static BackupColumn Column(IProperty property) => new(property.GetColumnName(), ColumnKinds.Of(property));
}
