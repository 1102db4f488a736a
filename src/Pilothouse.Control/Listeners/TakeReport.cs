using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Deployments;
using Pilothouse.Control.Logs;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Revisions;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Revisions;
using RevisionEvent = Pilothouse.Core.Revisions.RevisionEvent;

namespace Pilothouse.Control.Listeners;

/// <summary>
/// What a listener saw becomes what the store says. Happenings are kept whatever the generation; a status changes only by a report about what is
/// wanted now.
/// </summary>
internal sealed class TakeReport(
    OpenContexts contexts, RemoveDeployment removeDeployment, ReportedEvents events, DeployLog deployLog,
    ControlSignals signals, ListenerFences fences, TimeProvider clock)
{
    public Task RunAsync(DeploymentReport report, CancellationToken cancellationToken) => contexts.UseAsync(
        async db =>
        {
            await RunAsync(db, report, cancellationToken);
            return report;
        },
        cancellationToken);

    private async Task RunAsync(PilothouseDb db, DeploymentReport report, CancellationToken cancellationToken)
    {
        if (report.Phase is "deleted")
        {
            if (await removeDeployment.RunAsync(db, report, cancellationToken)) signals.RevisionChanged(new DeploymentId(report.DeploymentId));
            return;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(report.DeploymentId, cancellationToken);
        if (await TakeAsync(db, report, cancellationToken) is not var (revision, isChanged))
        {
            await transaction.RollbackAsync(cancellationToken);
            return;
        }

        await transaction.CommitAsync(cancellationToken);
        if (isChanged)
        {
            RevisionSpans.Told(revision!);
            signals.RevisionChanged(new DeploymentId(report.DeploymentId));
        }
        else if (report.Events.Count > 0)
        {
            signals.EventsTold(new DeploymentId(report.DeploymentId));
        }
    }

    /// <returns>Null when it is about what is not that listener's, or not any more.</returns>
    private async Task<(RevisionRow? Revision, bool IsChanged)?> TakeAsync(PilothouseDb db, DeploymentReport report, CancellationToken cancellationToken)
    {
        if (!await fences.HoldsAsync(db, report.ListenerId, report.Lease, cancellationToken)) return null;
        var deployment = await db.Deployments.ServedBy(report.ListenerId)
            .SingleOrDefaultAsync(row => row.Id == report.DeploymentId, cancellationToken);
        if (deployment is null) return null;
        var revision = await db.Revisions.AsNoTracking()
            .SingleOrDefaultAsync(row => row.Id == report.RevisionId && row.DeploymentId == deployment.Id, cancellationToken);

        await events.KeepAsync(db, deployment, revision, report.Events, cancellationToken);
        var isChanged = report.Generation == deployment.Generation && revision is not null
            && await TakePhaseAsync(db, deployment, revision, report, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        return (revision, isChanged);
    }

    private async Task<bool> TakePhaseAsync(
        PilothouseDb db, DeploymentRow deployment, RevisionRow revision, DeploymentReport report, CancellationToken cancellationToken)
    {
        // A failure that is not late any more is final, and so is one that something newer replaced.
        if (revision is { Status: RevisionStatus.DeployFailed, IsLate: false }) return false;
        return report.Phase switch
        {
            "deploying" => await RevisionTransitions.MoveAsync(
                db, revision, RevisionEvent.DeployStarted, new Telling(ControlEventKinds.Deploying, $"Revision {revision.Number} is being deployed."),
                clock.GetUtcNow(), cancellationToken),
            "deployed" => await DeployedAsync(db, deployment, revision, cancellationToken),
            "failed" => await FailedAsync(db, deployment, revision, report, cancellationToken),
            _ => false,
        };
    }

    private async Task<bool> DeployedAsync(
        PilothouseDb db, DeploymentRow deployment, RevisionRow revision, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var telling = new Telling(ControlEventKinds.Deployed, $"Revision {revision.Number} serves callers.");
        if (!await RevisionTransitions.MoveAsync(db, revision, RevisionEvent.DeploySucceeded, telling, now, cancellationToken)) return false;
        await SetLateAsync(db, revision.Id, isLate: false, cancellationToken);
        deployment.ActiveRevisionId = revision.Id;
        deployment.ImageVersion = revision.ServerVersion;
        deployment.UpdatedAt = now;
        if (deployment.Status == DeploymentStatus.AwaitingDatabase) deployment.Status = DeploymentStatus.Ready;
        await WantedChange.RaiseAsync(db, deployment, cancellationToken);
        return true;
    }

    private async Task<bool> FailedAsync(
        PilothouseDb db, DeploymentRow deployment, RevisionRow revision, DeploymentReport report, CancellationToken cancellationToken)
    {
        var message = await deployLog.StoredAsync(revision, report.Message ?? "The listener gave no reason.", cancellationToken);
        if (revision.Status == RevisionStatus.DeployFailed)
        {
            // It was late, and now it will not come: the failure is final.
            if (report.IsLate) return false;
            await db.Revisions.Where(row => row.Id == revision.Id).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.IsLate, false).SetProperty(row => row.StatusReason, message), cancellationToken);
        }
        else
        {
            var telling = new Telling(ControlEventKinds.DeployFailed, message, Reason: message);
            if (!await RevisionTransitions.MoveAsync(db, revision, RevisionEvent.DeployFailed, telling, clock.GetUtcNow(), cancellationToken))
                return false;
            if (report.IsLate) await SetLateAsync(db, revision.Id, isLate: true, cancellationToken);
        }

        await deployLog.AddAsync(db, revision, LogLevels.Error, message, cancellationToken);

        // A late one stays wanted as it is.
        if (!report.IsLate) await WantedChange.RaiseAsync(db, deployment, cancellationToken);
        return true;
    }

    private static Task<int> SetLateAsync(PilothouseDb db, Guid revision, bool isLate, CancellationToken cancellationToken) => db.Revisions
        .Where(row => row.Id == revision && row.IsLate != isLate)
        .ExecuteUpdateAsync(set => set.SetProperty(row => row.IsLate, isLate), cancellationToken);
}
