using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Reconciling;

namespace Pilothouse.Control.Tracing;

/// <summary>
/// Deletes tracing projects whose deployments are gone; earlier, a running agent would make its project anew. A project goes by its name, so one
/// that another deployment writes to stays. What fails comes again with backoff, also after a restart.
/// </summary>
internal sealed class TracingDeletionReconciler(
    IDbContextFactory<PilothouseDb> databases, TracingApi api, ILogger<TracingDeletionReconciler> logger) : IReconciler<DeploymentId>
{
    private static readonly TimeSpan s_untilGone = TimeSpan.FromSeconds(2);

    public async Task<IReadOnlyList<DeploymentId>> AllKeysAsync(CancellationToken cancellationToken)
    {
        if (!api.IsConfigured) return [];
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var ids = await db.TracingDeletions.Select(row => row.DeploymentId).ToListAsync(cancellationToken);
        return [.. ids.Select(id => new DeploymentId(id))];
    }

    public async Task<Reconciled> ReconcileAsync(DeploymentId key, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var wanted = await db.TracingDeletions.AsNoTracking().SingleOrDefaultAsync(row => row.DeploymentId == key.Value, cancellationToken);
        if (wanted is null) return Reconciled.Settled.Instance;
        if (await db.Deployments.AnyAsync(row => row.Id == key.Value, cancellationToken))
            return new Reconciled.Again(s_untilGone, "The deployment is not gone yet.");

        if (await db.Deployments.AnyAsync(row => row.Name == wanted.Name, cancellationToken)) logger.TracingProjectShared(key.Value);
        else await DeleteAsync(wanted, cancellationToken);
        await db.TracingDeletions.Where(row => row.DeploymentId == key.Value).ExecuteDeleteAsync(cancellationToken);
        return Reconciled.Settled.Instance;
    }

    private async Task DeleteAsync(TracingDeletionRow wanted, CancellationToken cancellationToken)
    {
        if (await api.FindAsync(wanted.Name, cancellationToken) is not { } project)
        {
            logger.NoTracingProject(wanted.DeploymentId);
            return;
        }

        await api.DeleteAsync(project, cancellationToken);
        logger.TracingProjectDeleted(wanted.DeploymentId);
    }
}

internal sealed class TracingDeletionService(
    TracingDeletionReconciler reconciler, WantTracingDeletion wanted, IOptions<ReconcilingOptions> options, LoopMetrics metrics, TimeProvider clock,
    ILogger<TracingDeletionService> logger) : BackgroundService
{
    private const string Loop = "deletion of tracing projects";

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var loop = new ReconcileLoop<DeploymentId>(
            reconciler, new ReconcilePace { Workers = 1, Resync = options.Value.Resync }, new LoopEvents<DeploymentId>(logger, Loop), clock,
            metrics.Of(Loop));
        wanted.OnWanted = loop.Signal;
        return loop.RunAsync(stoppingToken);
    }
}
