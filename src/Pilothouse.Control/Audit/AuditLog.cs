using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Audit;

/// <summary>
/// Writes rows so that they are on disk when the call returns. Requests that come at once share a transaction: whoever has the turn writes for all that wait.
/// </summary>
internal sealed class AuditLog(IDbContextFactory<PilothouseDb> databases) : IDisposable
{
    private readonly ConcurrentQueue<Entry> _waiting = new();
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <exception cref="AuditUnavailableException">It could not be written.</exception>
    public async Task WriteAsync(AuditRow row)
    {
        var entry = new Entry(row);
        _waiting.Enqueue(entry);
        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            if (!entry.IsDone) await WriteWaitingAsync();
        }
        finally
        {
            _turn.Release();
        }

        if (entry.Failure is { } failure)
            throw new AuditUnavailableException($"{row.Operation} is done and could not be written to the audit log; its request is {row.RequestId}.", failure);
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>Not to be given up with the request: what it tells has happened.</summary>
    private async Task WriteWaitingAsync()
    {
        var batch = new List<Entry>();
        while (_waiting.TryDequeue(out var entry)) batch.Add(entry);
        try
        {
            await using var db = await databases.CreateDbContextAsync(CancellationToken.None);
            db.Audit.AddRange(batch.Select(entry => entry.Row));

            // One of its own also for a single row: it waits for its turn with the others.
            await using var transaction = await db.Database.BeginTransactionAsync(CancellationToken.None);
            await db.SaveChangesAsync(CancellationToken.None);
            await transaction.CommitAsync(CancellationToken.None);
        }
        catch (Exception failure) when (failure is DbUpdateException or System.Data.Common.DbException)
        {
            foreach (var entry in batch) entry.Failure = failure;
        }

        foreach (var entry in batch) entry.IsDone = true;
    }

    private sealed class Entry(AuditRow row)
    {
        public AuditRow Row => row;
        public bool IsDone { get; set; }
        public Exception? Failure { get; set; }
    }
}

/// <summary>A change is made and not told. The caller gets a 500, and whoever reads the log of the program the rest.</summary>
internal sealed class AuditUnavailableException(string message, Exception inner) : Exception(message, inner);
