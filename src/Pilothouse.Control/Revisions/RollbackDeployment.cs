using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Deployments;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Logs;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Revisions;

/// <param name="IsNew">False: the same rollback was under way or done already.</param>
internal sealed record RolledBack(PinRow Pin, bool IsNew);

/// <summary>
/// Goes back to an earlier revision, and stays there: a new revision that carries what that one carried, without a build where its artifact is
/// there, and a pin that <see cref="PinPlanner"/> reads. Safe to repeat.
/// </summary>
internal sealed class RollbackDeployment(DeploymentTransactions transactions, DeploymentStore store, Redactors redactors, TimeProvider clock)
{
    /// <param name="by">The caller's subject.</param>
    public Task<Outcome<RolledBack>> RunAsync(
        WorkspaceId workspace, Guid by, Guid deployment, RollbackRequest wanted, CancellationToken cancellationToken) =>
        transactions.RunAsync(workspace, deployment, (db, row) => AttemptAsync(db, row, by, wanted, cancellationToken), cancellationToken);

    private async Task<Outcome<RolledBack>?> AttemptAsync(
        PilothouseDb db, DeploymentRow row, Guid by, RollbackRequest wanted, CancellationToken cancellationToken)
    {
        if (row.Status == DeploymentStatus.AwaitingDelete) return DeploymentRejections.IsBeingDeleted(row);
        var situation = await ReadAsync(db, row, cancellationToken);
        var found = await TargetAsync(db, row, situation, wanted, cancellationToken);
        if (!found.IsAccepted) return found.Rejection;
        var target = found.Value;
        if (RollbackPlanner.IsRepeated(situation, target.Id)) return new RolledBack(situation.Pin!, IsNew: false);
        if (RollbackPlanner.Refuse(situation, target) is { } refused) return refused;
        if (await store.FindQueueFullAsync(db, row, cancellationToken) is { } full) return full;

        var pin = await PinAsync(db, row, situation, target, cancellationToken);
        (pin.PinnedBy, pin.Reason) = (by, await ReasonAsync(target, wanted.Reason, cancellationToken));
        var draft = RevisionDraft.Of(target);
        var (isWritten, revision) = await store.WriteAsync(db, row, draft.MirroredIn(DeploymentSpec.Of(row)), draft, [], cancellationToken);
        if (!isWritten) return null;

        (pin.RevisionId, pin.RevisionNumber, pin.PinnedAt) = (revision!.Id, revision.Number, revision.CreatedAt);
        (revision.ArtifactDigest, revision.LaunchSpec, revision.ServerVersion) = (target.ArtifactDigest, target.LaunchSpec, target.ServerVersion);
        await PinStore.PutAsync(db, pin, cancellationToken);
        await TellAsync(db, revision, pin, cancellationToken);
        await EndLateOnesAsync(db, row, revision, cancellationToken);
        return new RolledBack(pin, IsNew: true);
    }

    private static async Task<RollbackSituation> ReadAsync(PilothouseDb db, DeploymentRow row, CancellationToken cancellationToken)
    {
        var pin = await PinStore.FindAsync(db, row.WorkspaceId, row.Id, cancellationToken);
        Guid?[] ids = [row.ActiveRevisionId, row.LatestRevisionId, pin?.RevisionId];
        var rows = await db.Revisions.AsNoTracking()
            .Where(revision => revision.DeploymentId == row.Id && revision.WorkspaceId == row.WorkspaceId && ids.Contains(revision.Id))
            .ToListAsync(cancellationToken);
        return new RollbackSituation(Of(row.ActiveRevisionId), Of(row.LatestRevisionId), pin, Of(pin?.RevisionId));

        RevisionRow? Of(Guid? id) => rows.SingleOrDefault(revision => revision.Id == id);
    }

    private static async Task<Outcome<RevisionRow>> TargetAsync(
        PilothouseDb db, DeploymentRow row, RollbackSituation situation, RollbackRequest wanted, CancellationToken cancellationToken)
    {
        var revisions = db.Revisions.AsNoTracking().Where(revision => revision.DeploymentId == row.Id && revision.WorkspaceId == row.WorkspaceId);
        var id = wanted.RevisionId;
        if (id is null && wanted.Number is null && RollbackPlanner.IsUnderWay(situation)) id = situation.Pin!.TargetRevisionId;
        if (id is not null || wanted.Number is not null)
        {
            return await revisions.SingleOrDefaultAsync(
                revision => id != null ? revision.Id == id : revision.Number == wanted.Number, cancellationToken) is { } named
                ? named
                : ApiResults.DeploymentNotFound(row.Id);
        }

        if (RollbackPlanner.DefaultBelow(situation) is not { } below) return RollbackPlanner.NothingBefore(number: null);
        return await revisions
            .Where(revision => revision.Number < below && revision.Status == RevisionStatus.Deployed)
            .OrderByDescending(revision => revision.Number)
            .FirstOrDefaultAsync(cancellationToken) is { } before
            ? before
            : RollbackPlanner.NothingBefore(below);
    }

    /// <summary>A further step back leaves what the first one left.</summary>
    private static async Task<PinRow> PinAsync(
        PilothouseDb db, DeploymentRow row, RollbackSituation situation, RevisionRow target, CancellationToken cancellationToken)
    {
        var pin = new PinRow
        {
            DeploymentId = row.Id,
            WorkspaceId = row.WorkspaceId,
            TargetRevisionId = target.Id,
            TargetNumber = target.Number,
            TargetMark = await SourceMark.OfAsync(db, row, target.Source, RevisionAnswer.ConfigOf(target), cancellationToken),
        };
        if (situation.Pin is { } earlier)
        {
            (pin.LeftRevisionId, pin.LeftNumber, pin.LeftMark) = (earlier.LeftRevisionId, earlier.LeftNumber, earlier.LeftMark);
            return pin;
        }

        var left = situation.Latest!;
        (pin.LeftRevisionId, pin.LeftNumber) = (left.Id, left.Number);
        pin.LeftMark = await SourceMark.OfAsync(db, row, left.Source, RevisionAnswer.ConfigOf(left), cancellationToken);
        return pin;
    }

    private async ValueTask<string?> ReasonAsync(RevisionRow target, string? reason, CancellationToken cancellationToken) =>
        string.IsNullOrWhiteSpace(reason) ? null : await redactors.StoredAsync(target, reason, cancellationToken);

    private async Task TellAsync(PilothouseDb db, RevisionRow revision, PinRow pin, CancellationToken cancellationToken)
    {
        var why = pin.Reason is { } reason ? $" Reason: {reason}" : "";
        var telling = new Telling(
            RequestEventKinds.RolledBack,
            $"Goes back to revision {pin.TargetNumber}; revision {pin.LeftNumber} was left, and nothing automatic brings it back.{why}",
            Data: PinStore.Json(pin));
        await RevisionTransitions.TellAsync(db, revision, telling, clock.GetUtcNow(), cancellationToken);
    }

    /// <summary>One that was given a late chance would come back by itself.</summary>
    private static async Task EndLateOnesAsync(PilothouseDb db, DeploymentRow row, RevisionRow revision, CancellationToken cancellationToken)
    {
        var ended = await db.Revisions
            .Where(older => older.DeploymentId == row.Id && older.Number < revision.Number && older.IsLate)
            .ExecuteUpdateAsync(set => set.SetProperty(older => older.IsLate, false), cancellationToken);
        if (ended == 0) return;
        await WantedChange.RaiseAsync(db, await db.Deployments.SingleAsync(stored => stored.Id == row.Id, cancellationToken), cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
    }
}
