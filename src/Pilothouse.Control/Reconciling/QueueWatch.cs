using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Reconciling;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Reconciling;

/// <summary>Counts what waits in the store for <see cref="RevisionMetrics"/>, while somebody looks at them. One query on an index.</summary>
internal sealed class QueueWatch(IDbContextFactory<PilothouseDb> databases, RevisionMetrics metrics, TimeProvider clock) : IReconciler<string>
{
    private const string Key = "queue";

    public static ImmutableArray<RevisionStatus> Statuses { get; } =
        [.. Enum.GetValues<RevisionStatus>().Where(status => !status.IsTerminal() && status != RevisionStatus.Unknown)];

    /// <summary>What nobody works on yet.</summary>
    private static readonly ImmutableArray<RevisionStatus> s_waiting = [RevisionStatus.Creating, RevisionStatus.Queued, RevisionStatus.AwaitingBuild];

    public Task<IReadOnlyList<string>> AllKeysAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>(metrics.IsHeard ? [Key] : []);

    public async Task<Reconciled> ReconcileAsync(string key, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var counts = await db.Revisions
            .Where(row => Statuses.Contains(row.Status))
            .GroupBy(row => row.Status)
            .Select(group => new { Status = group.Key, Count = group.Count(), Oldest = group.Min(row => row.CreatedAt) })
            .ToListAsync(cancellationToken);
        var oldest = counts.Where(count => s_waiting.Contains(count.Status)).Select(count => (DateTimeOffset?)count.Oldest).Min();
        metrics.Depth = new QueueDepth(
            counts.ToImmutableDictionary(count => count.Status, count => count.Count), oldest is { } since ? clock.GetUtcNow() - since : TimeSpan.Zero);
        return Reconciled.Settled.Instance;
    }
}

internal sealed class QueueWatchService(QueueWatch watch, LoopMetrics loops, TimeProvider clock, ILogger<QueueWatchService> logger) : BackgroundService
{
    private const string Loop = "queue watch";

    /// <summary>As often as metrics are usually read.</summary>
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(15);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => new ReconcileLoop<string>(
        watch, new ReconcilePace { Workers = 1, Resync = s_every }, new LoopEvents<string>(logger, Loop), clock, loops.Of(Loop)).RunAsync(stoppingToken);
}
