using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Pilothouse.Control.Storage;

internal static class UniqueViolations
{
    // sqlite.org/rescode.html: SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY.
    private const int SqliteUnique = 2067;
    private const int SqlitePrimaryKey = 1555;

    /// <summary>Somebody else has that name, key or number already. Whoever catches it must not reuse the context.</summary>
    public static bool IsUniqueViolation(this Exception exception) => exception switch
    {
        DbUpdateException { InnerException: { } inner } => IsUniqueViolation(inner),
        SqliteException sqlite => sqlite.SqliteExtendedErrorCode is SqliteUnique or SqlitePrimaryKey,
        PostgresException postgres => postgres.SqlState is PostgresErrorCodes.UniqueViolation,
        _ => false,
    };

    /// <summary>The column (as in the database, e.g. <c>name</c>) is one of those whose combination was not unique.</summary>
    public static bool IsUniqueViolationOf(this Exception exception, string table, string column) =>
        exception.IsUniqueViolation() && Names(exception.InnerException ?? exception, table, column);

    // SQLite's message has table.column; PostgreSQL names the index, which is named for its columns: ix_revisions_deployment_id_number.
    private static bool Names(Exception exception, string table, string column) => exception is PostgresException postgres
        ? string.Equals(postgres.TableName, table, StringComparison.Ordinal) && $"{postgres.ConstraintName}_".Contains($"_{column}_", StringComparison.Ordinal)
        : exception.Message.Contains($"{table}.{column}", StringComparison.Ordinal);
}
