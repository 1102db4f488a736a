using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;

namespace Pilothouse.Control.Storage;

/// <summary>
/// Contexts whose connection stays open, with the statements that it has prepared, for what clients ask for all day: opening one, which registers
/// some twenty functions with SQLite, takes as long as a read. Between two uses none holds a transaction, so that each sees all that is committed.
/// On PostgreSQL the driver's pool keeps connections and what they prepared, and knows which of them the server has dropped.
/// </summary>
internal sealed class OpenContexts(IDbContextFactory<PilothouseDb> databases) : IAsyncDisposable
{
    // More at once than reads gain from, on any machine; each has a page cache of 2 MB at most.
    private const int MaxKept = 16;

    private readonly ConcurrentStack<PilothouseDb> _kept = new();
    private volatile bool _isDisposed;

    /// <param name="use">Has read all when it returns, and has ended its transaction: by a commit, or by a rollback that it asked for.</param>
    public async Task<T> UseAsync<T>(Func<PilothouseDb, Task<T>> use, CancellationToken cancellationToken)
    {
        if (!_kept.TryPop(out var db)) db = await OpenAsync(cancellationToken);
        var isGood = false;
        try
        {
            var found = await use(db);
            isGood = true;
            return found;
        }
        finally
        {
            await ReturnAsync(db, isGood);
        }
    }

    /// <summary>All rows.</summary>
    public Task<List<T>> ReadAsync<T>(PreparedRead<T> statement, object[] values, CancellationToken cancellationToken) =>
        UseAsync(db => db.Prepared.ReadAsync(statement, values, cancellationToken), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        while (_kept.TryPop(out var db)) await db.DisposeAsync();
    }

    private async ValueTask ReturnAsync(PilothouseDb db, bool isGood)
    {
        if (!isGood || _isDisposed || db is not SqliteDb || _kept.Count >= MaxKept || db.Database.CurrentTransaction is not null)
        {
            // A context that goes back to EF's pool closes its connection without a word, and whoever waits for its turn to write would not hear of it.
            if (db.Database.CurrentTransaction is { } transaction) await transaction.DisposeAsync();
            await db.Database.CloseConnectionAsync();
            await db.DisposeAsync();
            return;
        }

        db.ChangeTracker.Clear();
        _kept.Push(db);
    }

    private async Task<PilothouseDb> OpenAsync(CancellationToken cancellationToken)
    {
        var db = await databases.CreateDbContextAsync(cancellationToken);
        try
        {
            await db.Database.OpenConnectionAsync(cancellationToken);
            return db;
        }
        catch
        {
            await db.DisposeAsync();
            throw;
        }
    }
}
