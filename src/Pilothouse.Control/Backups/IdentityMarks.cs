using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Backups;

/// <summary>
/// The highest number that an identity column has given out. It may belong to a row that is gone; clients keep such numbers (the offset in a log, the
/// last event heard), so that none may be given out twice.
/// </summary>
internal static class IdentityMarks
{
    public static async Task<IReadOnlyDictionary<string, long>> ReadAsync(Snapshot snapshot, CancellationToken cancellationToken)
    {
        var marks = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (table, column) in StoreTables.Identities(snapshot.Db))
        {
            var sql = snapshot.Db is SqliteDb
                ? $"SELECT \"seq\" FROM \"sqlite_sequence\" WHERE \"name\" = '{table}'"
                : $"SELECT pg_sequence_last_value(pg_get_serial_sequence('\"{table}\"', '{column}')::regclass)";
            marks[table] = await snapshot.NumberAsync(sql, cancellationToken) ?? 0;
        }

        return marks;
    }

    /// <summary>After the rows are in; the caller's transaction takes it along on SQLite. PostgreSQL's sequences are outside of all transactions.</summary>
    public static async Task WriteAsync(PilothouseDb db, string table, string column, long mark, CancellationToken cancellationToken)
    {
        if (mark <= 0) return;
        if (db is SqliteDb)
        {
            await db.Database.ExecuteSqlRawAsync("DELETE FROM \"sqlite_sequence\" WHERE \"name\" = {0}", [table], cancellationToken);
            await db.Database.ExecuteSqlRawAsync("INSERT INTO \"sqlite_sequence\" (\"name\", \"seq\") VALUES ({0}, {1})", [table, mark], cancellationToken);
        }
        else
        {
            await db.Database.ExecuteSqlRawAsync(
                "SELECT setval(pg_get_serial_sequence({0}, {1})::regclass, {2})", [$"\"{table}\"", column, mark], cancellationToken);
        }
    }
}
