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

    public static string SelectAny(string table) => $"SELECT 1 AS \"Value\" FROM \"{table}\" LIMIT 1";

    public static string Columns(BackupTable table) => string.Join(", ", table.Columns.Select(column => $"\"{column.Name}\""));

    private static BackupColumn Column(IProperty property) => new(property.GetColumnName(), ColumnKinds.Of(property));
}
