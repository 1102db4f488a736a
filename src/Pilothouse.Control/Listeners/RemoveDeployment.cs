using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Logs;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Uploads;
using Pilothouse.Core.Deployments;

namespace Pilothouse.Control.Listeners;

/// <summary>The last act of a deletion: the listener has ended everything, and the control plane forgets. May run twice.</summary>
internal sealed class RemoveDeployment(UploadBlobs blobs, ListenerFences fences, ILogger<RemoveDeployment> logger)
{
    /// <summary>The row goes last: a removal that is cut off is told again by the listener.</summary>
    /// <returns>False when the deployment is not to be deleted, or is gone.</returns>
    public async Task<bool> RunAsync(PilothouseDb db, DeploymentReport report, CancellationToken cancellationToken)
    {
        var deployment = await db.Deployments.AsNoTracking().ServedBy(report.ListenerId).SingleOrDefaultAsync(
            row => row.Id == report.DeploymentId && row.Generation == report.Generation && row.Status == DeploymentStatus.AwaitingDelete,
            cancellationToken);
        if (deployment is null) return false;

        await blobs.RemoveAllAsync(deployment.WorkspaceId, deployment.Id, cancellationToken);
        await LogTable.RemoveAllAsync(db, deployment.Id, cancellationToken);

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(deployment.Id, cancellationToken);
        if (!await fences.HoldsAsync(db, report.ListenerId, report.Lease, cancellationToken))
        {
            await transaction.RollbackAsync(cancellationToken);
            return false;
        }

        await db.Logs.Where(row => row.DeploymentId == deployment.Id).ExecuteDeleteAsync(cancellationToken);
        await db.Events.Where(row => row.DeploymentId == deployment.Id).ExecuteDeleteAsync(cancellationToken);
        await db.Uploads.Where(row => row.DeploymentId == deployment.Id).ExecuteDeleteAsync(cancellationToken);
        await db.Pins.Where(row => row.DeploymentId == deployment.Id).ExecuteDeleteAsync(cancellationToken);
        await db.Taggings.Where(row => row.DeploymentId == deployment.Id).ExecuteDeleteAsync(cancellationToken);
        await db.Revisions.Where(row => row.DeploymentId == deployment.Id).ExecuteDeleteAsync(cancellationToken);
        await db.Deployments.Where(row => row.Id == deployment.Id).ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        logger.DeploymentRemoved(deployment.Id);
        return true;
    }
}
