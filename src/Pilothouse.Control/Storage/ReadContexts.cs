using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;

namespace Pilothouse.Control.Storage;

/// <summary>
/// Contexts whose connection stays open, for the few reads that clients repeat all day: opening one, which registers some twenty functions with
/// SQLite, takes as long as such a read. Between two uses none holds a transaction, so that each sees all that is committed. On PostgreSQL the
/// driver's pool does this, and knows which of its connections the server has dropped.
/// </summary>
internal sealed class ReadContexts(IDbContextFactory<PilothouseDb> databases) : IAsyncDisposable
{
    // More at once than reads gain from, on any machine; each has a page cache of 2 MB at most.
    private const int MaxKept = 16;

    private readonly ConcurrentStack<PilothouseDb> _kept = new();
    private volatile bool _isDisposed;

    /// <param name="read">Reads untracked, and has read all when it returns.</param>
    public async Task<T> UseAsync<T>(Func<PilothouseDb, Task<T>> read, CancellationToken cancellationToken)
    {
        if (!_kept.TryPop(out var db)) db = await OpenAsync(cancellationToken);
        var isGood = false;
        try
        {
            var found = await read(db);
            isGood = true;
            return found;
        }
        finally
        {
            if (isGood && !_isDisposed && _kept.Count < MaxKept) _kept.Push(db);
            else await db.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        while (_kept.TryPop(out var db)) await db.DisposeAsync();
    }

    private async Task<PilothouseDb> OpenAsync(CancellationToken cancellationToken)
    {
        var db = await databases.CreateDbContextAsync(cancellationToken);
        try
        {
            if (db is SqliteDb) await db.Database.OpenConnectionAsync(cancellationToken);
            return db;
        }
        catch
        {
            await db.DisposeAsync();
            throw;
        }
    }
}
