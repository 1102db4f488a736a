using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;
using SQLitePCL;

namespace Pilothouse.Control.Storage;

/// <summary>
/// What every SQLite connection needs. synchronous=FULL: an acknowledged write survives a power cut, which WAL with NORMAL does not promise
/// (sqlite.org/pragma.html#pragma_synchronous). Connections are pooled, and keep what they were told: each is told once.
/// </summary>
internal sealed class SqliteSettings : DbConnectionInterceptor
{
    // busy_timeout in ms: above the longest write transaction, below a client's patience of 30 s.
    private const string Pragmas =
        "PRAGMA busy_timeout=15000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;";

    private readonly ConditionalWeakTable<sqlite3, object> _told = [];

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        if (IsTold(connection)) return;
        using var command = connection.CreateCommand();
        command.CommandText = Pragmas;
        command.ExecuteNonQuery();
        NoteTold(connection);
    }

    public override async Task ConnectionOpenedAsync(
        DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        if (IsTold(connection)) return;
        await using var command = connection.CreateCommand();
        command.CommandText = Pragmas;
        await command.ExecuteNonQueryAsync(cancellationToken);
        NoteTold(connection);
    }

    private bool IsTold(DbConnection connection) => HandleOf(connection) is { } handle && _told.TryGetValue(handle, out _);

    private void NoteTold(DbConnection connection)
    {
        if (HandleOf(connection) is { } handle) _told.AddOrUpdate(handle, this);
    }

    /// <summary>Outlives the connection that has it now: it goes back to the pool.</summary>
    private static sqlite3? HandleOf(DbConnection connection) => (connection as SqliteConnection)?.Handle;
}
