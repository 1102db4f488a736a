using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Pilothouse.Control.Storage;

/// <summary>
/// Contexts whose connection stays open, for the few reads that clients repeat all day: opening one, which registers some twenty functions with
/// SQLite, takes as long as such a read. Between two uses none holds a transaction, so that each sees all that is committed.
/// </summary>
internal sealed class ReadContexts(IDbContextFactory<PilothouseDb> databases) : IAsyncDisposable
{
    // More at once than reads gain from, on any machine; each has a page cache of 2 MB at most.
    private const int MaxKept = 16;

    private readonly ConcurrentStack<Kept> _kept = new();
    private volatile bool _isDisposed;

    /// <param name="read">Reads untracked, and has read all when it returns.</param>
    public Task<T> UseAsync<T>(Func<PilothouseDb, Task<T>> read, CancellationToken cancellationToken) =>
        UseAsync(read, static (kept, read, _) => read(kept.Db), cancellationToken);

    /// <summary>All rows of a statement.</summary>
    /// <param name="values">In the order of its parameters.</param>
    public Task<List<T>> ReadAsync<T>(PreparedRead<T> statement, object[] values, CancellationToken cancellationToken) =>
        UseAsync((statement, values), static (kept, asked, token) => kept.ReadAsync(asked.statement, asked.values, token), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        while (_kept.TryPop(out var kept)) await kept.DisposeAsync();
    }

    private async Task<T> UseAsync<TAsked, T>(TAsked asked, Func<Kept, TAsked, CancellationToken, Task<T>> use, CancellationToken cancellationToken)
    {
        if (!_kept.TryPop(out var kept)) kept = await OpenAsync(cancellationToken);
        var isGood = false;
        try
        {
            var found = await use(kept, asked, cancellationToken);
            isGood = true;
            return found;
        }
        finally
        {
            if (isGood && !_isDisposed && _kept.Count < MaxKept) _kept.Push(kept);
            else await kept.DisposeAsync();
        }
    }

    private async Task<Kept> OpenAsync(CancellationToken cancellationToken)
    {
        var db = await databases.CreateDbContextAsync(cancellationToken);
        try
        {
            await db.Database.OpenConnectionAsync(cancellationToken);
            return new Kept(db);
        }
        catch
        {
            await db.DisposeAsync();
            throw;
        }
    }

    /// <summary>One user at a time.</summary>
    private sealed class Kept(PilothouseDb db) : IAsyncDisposable
    {
        private readonly Dictionary<object, DbCommand> _prepared = [];

        public PilothouseDb Db => db;

        public async Task<List<T>> ReadAsync<T>(PreparedRead<T> statement, object[] values, CancellationToken cancellationToken)
        {
            if (!_prepared.TryGetValue(statement, out var command)) command = await PrepareAsync(statement, values, cancellationToken);
            for (var at = 0; at < values.Length; at++) command.Parameters[at].Value = values[at];
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var rows = new List<T>();
            while (await reader.ReadAsync(cancellationToken)) rows.Add(statement.Row(db, reader));
            return rows;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var command in _prepared.Values) await command.DisposeAsync();
            await db.DisposeAsync();
        }

        private async Task<DbCommand> PrepareAsync<T>(PreparedRead<T> statement, object[] values, CancellationToken cancellationToken)
        {
            var command = db.Database.GetDbConnection().CreateCommand();
            command.CommandText = statement.Sql;
            foreach (var (name, value) in statement.Parameters.Zip(values))
            {
                var parameter = command.CreateParameter();
                (parameter.ParameterName, parameter.Value) = (name, value);
                command.Parameters.Add(parameter);
            }

            await command.PrepareAsync(cancellationToken);
            return _prepared[statement] = command;
        }
    }
}

/// <summary>SQL by hand that connections prepare once; in words that every engine understands.</summary>
/// <param name="Parameters">Names, e.g. <c>@workspace</c>.</param>
/// <param name="Row">One row, by the order of the columns.</param>
internal sealed record PreparedRead<T>(string Sql, string[] Parameters, Func<PilothouseDb, DbDataReader, T> Row);
