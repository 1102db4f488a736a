using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Logs;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Listeners;

/// <summary>Stores what agents printed. The batch's id and its lines are stored together, so that a batch sent again adds nothing.</summary>
internal sealed class TakeLogs(
    IDbContextFactory<PilothouseDb> databases, LogTable table, Redactors redactors, ListenerFences fences, IOptions<LogsOptions> options, TimeProvider clock)
{
    public async Task RunAsync(LogBatch batch, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await db.LogBatches.AnyAsync(row => row.BatchId == batch.BatchId, cancellationToken)) return;
        var lines = await LinesAsync(db, batch, cancellationToken);

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!await fences.HoldsAsync(db, batch.ListenerId, batch.Lease, cancellationToken)) return;
        var at = db.ToColumn(clock.GetUtcNow());
        var isNew = await db.Database.ExecuteSqlAsync(
            $"INSERT INTO log_batches (batch_id, at) VALUES ({batch.BatchId}, {at}) ON CONFLICT (batch_id) DO NOTHING", cancellationToken);
        if (isNew == 0) return;
        await table.InsertAsync(db, lines, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Lines of revisions that are gone, or never were this listener's, are dropped.</summary>
    private async Task<IReadOnlyList<LogLine>> LinesAsync(PilothouseDb db, LogBatch batch, CancellationToken cancellationToken)
    {
        var named = batch.Lines.Select(line => line.RevisionId).Distinct().ToList();
        var served = db.Deployments.ServedBy(batch.ListenerId).Select(row => row.Id);
        var revisions = await db.Revisions.AsNoTracking()
            .Where(row => named.Contains(row.Id) && served.Contains(row.DeploymentId))
            .ToDictionaryAsync(row => row.Id, cancellationToken);

        var lines = new List<LogLine>(batch.Lines.Count);
        foreach (var line in batch.Lines)
        {
            if (!revisions.TryGetValue(line.RevisionId, out var revision)) continue;
            if (revision.WorkspaceId != line.WorkspaceId || revision.DeploymentId != line.DeploymentId) continue;
            var redactor = await redactors.OfAsync(revision, cancellationToken);
            lines.Add(new LogLine(
                revision.WorkspaceId, revision.DeploymentId, revision.Id, IsBuild: false, line.At, LogLevels.OrInfo(line.Level),
                LogText.Stored(line.Message, redactor, options.Value.LineLimitBytes)));
        }

        return lines;
    }
}
