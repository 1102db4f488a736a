using System.Data;
using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Backups;

/// <summary>
/// The store as it was at one moment, while others go on writing: one read transaction. On SQLite it is deferred, so that it takes no lock that a
/// writer wants (sqlite.org/isolation.html, "Isolation And Concurrency"); PostgreSQL shows one state under REPEATABLE READ.
/// </summary>
internal sealed class Snapshot : IAsyncDisposable
{
    private readonly PilothouseDb _db;
    private readonly DbTransaction _transaction;

    // A reader needs its command as long as it reads.
    private readonly List<DbCommand> _commands = [];

    private Snapshot(PilothouseDb db, DbTransaction transaction)
    {
        _db = db;
        _transaction = transaction;
    }

    public PilothouseDb Db => _db;

    public static async Task<Snapshot> OpenAsync(IDbContextFactory<PilothouseDb> databases, CancellationToken cancellationToken)
    {
        var db = await databases.CreateDbContextAsync(cancellationToken);
        try
        {
            await db.Database.OpenConnectionAsync(cancellationToken);
            var connection = db.Database.GetDbConnection();
            var transaction = connection is SqliteConnection sqlite
                ? sqlite.BeginTransaction(deferred: true)
                : await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            await db.Database.UseTransactionAsync(transaction, cancellationToken);
            return new Snapshot(db, transaction);
        }
        catch
        {
            await db.DisposeAsync();
            throw;
        }
    }

    public Task<DbDataReader> ReadAsync(string sql, CancellationToken cancellationToken) =>
        Command(sql).ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken);

    /// <summary>Null also for a row that is not there.</summary>
    public async Task<long?> NumberAsync(string sql, CancellationToken cancellationToken) =>
        await Command(sql).ExecuteScalarAsync(cancellationToken) is { } value and not DBNull ? Convert.ToInt64(value, CultureInfo.InvariantCulture) : null;

    public async ValueTask DisposeAsync()
    {
        foreach (var command in _commands) await command.DisposeAsync();
        await _db.Database.UseTransactionAsync(null);
        await _transaction.DisposeAsync();
        await _db.Database.CloseConnectionAsync();
        await _db.DisposeAsync();
    }

    private DbCommand Command(string sql)
    {
        var command = _db.Database.GetDbConnection().CreateCommand();
        command.CommandText = sql;
        command.Transaction = _transaction;
        command.CommandTimeout = 0;
        _commands.Add(command);
        return command;
    }
}
