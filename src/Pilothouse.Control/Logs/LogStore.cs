using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Logs;

/// <summary>
/// Takes lines at once and stores them in batches soon after. <see cref="FlushAsync"/> makes sure of it where something is said only once the log
/// is whole.
/// </summary>
internal sealed class LogStore(
    LogQueue queue, LogTable table, IDbContextFactory<PilothouseDb> databases, TimeProvider clock, ILogger<LogStore> logger) : BackgroundService
{
    private const int LongestBatch = 500;
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_lastWordsLimit = TimeSpan.FromSeconds(5);

    /// <summary>A nudge that lines wait; one is enough.</summary>
    private readonly Channel<bool> _arrived = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>One batch at a time, so that lines stay in their order.</summary>
    private readonly SemaphoreSlim _gate = new(1);

    /// <summary>Never blocks, never throws.</summary>
    public void Add(LogLine line)
    {
        queue.Add(line);
        _arrived.Writer.TryWrite(true);
    }

    /// <summary>Returns when every line of the deployment that was added before is stored.</summary>
    public async Task FlushAsync(Guid deployment, CancellationToken cancellationToken)
    {
        while (await WriteNextAsync(() => queue.Take(deployment, LongestBatch), cancellationToken) > 0)
        {
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _gate.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await _arrived.Reader.ReadAsync(stoppingToken);
                await Task.Delay(s_gather, clock, stoppingToken);
                await WriteAllAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            using var limit = new CancellationTokenSource(s_lastWordsLimit, clock);
            await WriteLastAsync(limit.Token);
        }
    }

    private async Task WriteAllAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (await WriteNextAsync(() => queue.Take(LongestBatch), cancellationToken) == 0) return;
            }
            catch (Exception failure) when (IsOfTheStore(failure))
            {
                logger.LinesNotStored(failure, s_pause);
                await Task.Delay(s_pause, clock, cancellationToken);
            }
        }
    }

    private async Task WriteLastAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await WriteNextAsync(() => queue.Take(LongestBatch), cancellationToken) > 0)
            {
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException || IsOfTheStore(failure))
        {
            logger.LastLinesNotStored(failure);
        }
    }

    private static bool IsOfTheStore(Exception failure) => failure is System.Data.Common.DbException or DbUpdateException;

    /// <returns>How many lines were stored; 0 when none waited.</returns>
    private async Task<int> WriteNextAsync(Func<IReadOnlyList<LogLine>> take, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var lines = take();
            if (lines.Count == 0) return 0;
            var isStored = false;
            try
            {
                await using var db = await databases.CreateDbContextAsync(cancellationToken);
                await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
                await table.InsertAsync(db, lines, cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                isStored = true;
            }
            finally
            {
                if (!isStored) queue.PutBack(lines);
            }

            return lines.Count;
        }
        finally
        {
            _gate.Release();
        }
    }
}
