using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Pilothouse.Control.Storage;

/// <summary>
/// SQLite has one write lock, and whoever waits for it sleeps, up to 100 ms at a time, without a place in a queue. Transactions of this process
/// therefore wait here, in the order in which they came, and find the lock free. A flow that has one must not begin another before its end.
/// </summary>
internal sealed class WriteTurns : DbTransactionInterceptor, IDbConnectionInterceptor, IDisposable
{
    /// <summary>As long as SQLite itself would wait for its lock (<see cref="SqliteSettings"/>).</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Connections, of which one at most has the turn.</summary>
    private readonly ConditionalWeakTable<DbConnection, object> _holders = [];

    public override InterceptionResult<DbTransaction> TransactionStarting(
        DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result)
    {
        var hasTurn = false;
        try
        {
            hasTurn = _turn.Wait(s_patience);
            if (!hasTurn) throw NoTurn();
            var begun = connection.BeginTransaction(eventData.IsolationLevel);
            _holders.Add(connection, this);
            return InterceptionResult<DbTransaction>.SuppressWithResult(begun);
        }
        catch
        {
            if (hasTurn) _turn.Release();
            eventData.Context?.Database.CloseConnection();
            throw;
        }
    }

    public override async ValueTask<InterceptionResult<DbTransaction>> TransactionStartingAsync(
        DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result, CancellationToken cancellationToken = default)
    {
        var hasTurn = false;
        try
        {
            hasTurn = await _turn.WaitAsync(s_patience, cancellationToken);
            if (!hasTurn) throw NoTurn();
            var begun = await connection.BeginTransactionAsync(eventData.IsolationLevel, cancellationToken);
            _holders.Add(connection, this);
            return InterceptionResult<DbTransaction>.SuppressWithResult(begun);
        }
        catch
        {
            if (hasTurn) _turn.Release();

            // EF has counted this transaction among the users of the connection, and does not take back what fails here.
            if (eventData.Context is { } context) await context.Database.CloseConnectionAsync();
            throw;
        }
    }

    public override void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => End(eventData.Context?.Database.GetDbConnection());

    public override Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        End(eventData.Context?.Database.GetDbConnection());
        return Task.CompletedTask;
    }

    public override void TransactionRolledBack(DbTransaction transaction, TransactionEndEventData eventData) => End(eventData.Context?.Database.GetDbConnection());

    public override Task TransactionRolledBackAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        End(eventData.Context?.Database.GetDbConnection());
        return Task.CompletedTask;
    }

    /// <summary>Also of a transaction that was disposed of without a word, or whose commit failed: the connection was open for it alone.</summary>
    void IDbConnectionInterceptor.ConnectionClosed(DbConnection connection, ConnectionEndEventData eventData) => End(connection);

    Task IDbConnectionInterceptor.ConnectionClosedAsync(DbConnection connection, ConnectionEndEventData eventData)
    {
        End(connection);
        return Task.CompletedTask;
    }

    public void Dispose() => _turn.Dispose();

    private static TimeoutException NoTurn() => new($"Another transaction of this process has held the store for {s_patience.TotalSeconds:0} s.");

    private void End(DbConnection? connection)
    {
        if (connection is not null && _holders.Remove(connection)) _turn.Release();
    }
}
