using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Pilothouse.Control.Storage;

/// <summary>
/// What every SQLite connection needs. synchronous=FULL: an acknowledged write survives a power cut, which WAL with NORMAL does not promise
/// (sqlite.org/pragma.html#pragma_synchronous).
/// </summary>
internal sealed class SqliteSettings : DbConnectionInterceptor
{
    // busy_timeout in ms: above the longest write transaction, below a client's patience of 30 s.
    private const string Pragmas =
        "PRAGMA busy_timeout=15000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;";

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using var command = connection.CreateCommand();
        command.CommandText = Pragmas;
        command.ExecuteNonQuery();
    }

    public override async Task ConnectionOpenedAsync(
        DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = Pragmas;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
