using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Events;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Revisions;

/// <summary>All SQL about rollbacks that stay. Joins the caller's transaction, which read the deployment.</summary>
internal sealed class PinStore(TimeProvider clock)
{
    public static Task<PinRow?> FindAsync(PilothouseDb db, Guid workspace, Guid deployment, CancellationToken cancellationToken) =>
        db.Pins.AsNoTracking().SingleOrDefaultAsync(pin => pin.DeploymentId == deployment && pin.WorkspaceId == workspace, cancellationToken);

    /// <summary>In place of the one that there may be.</summary>
    public static async Task PutAsync(PilothouseDb db, PinRow pin, CancellationToken cancellationToken)
    {
        await db.Pins.Where(old => old.DeploymentId == pin.DeploymentId).ExecuteDeleteAsync(cancellationToken);
        db.Pins.Add(pin);
        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>Before a request makes a revision: ends the rollback where the request brings another source.</summary>
    /// <returns>Null: the revision may be made.</returns>
    public async Task<Rejection?> AdmitAsync(
        PilothouseDb db, DeploymentRow row, string source, SourceRevisionConfig config, bool namesSource, CancellationToken cancellationToken)
    {
        if (await FindAsync(db, row.WorkspaceId, row.Id, cancellationToken) is not { } pin) return null;
        var mark = await SourceMark.OfAsync(db, row, source, config, cancellationToken);
        switch (PinPlanner.MayStartByRequest(pin, mark, namesSource))
        {
            case StartVerdict.Held held:
                return new Rejection(Codes.Conflict, $"{held.Why} To take it all the same: POST /v2/deployments/{row.Id}/resume first.");
            case StartVerdict.Release release:
                await ReleaseAsync(db, pin, release.Why, cancellationToken);
                return null;
            default:
                return null;
        }
    }

    /// <summary>Somebody names the revision that shall be deployed again: that is a decision, whatever it is.</summary>
    public async Task AdmitRedeployAsync(PilothouseDb db, DeploymentRow row, RevisionRow earlier, CancellationToken cancellationToken)
    {
        if (await FindAsync(db, row.WorkspaceId, row.Id, cancellationToken) is not { } pin) return;
        var mark = await SourceMark.OfAsync(db, row, earlier.Source, RevisionAnswer.ConfigOf(earlier), cancellationToken);
        if (mark is not null && string.Equals(mark, pin.TargetMark, StringComparison.Ordinal)) return;
        await ReleaseAsync(db, pin, $"A request deployed revision {earlier.Number} again.", cancellationToken);
    }

    public async Task ReleaseAsync(PilothouseDb db, PinRow pin, string why, CancellationToken cancellationToken)
    {
        await db.Pins.Where(row => row.DeploymentId == pin.DeploymentId).ExecuteDeleteAsync(cancellationToken);
        await RevisionEvents.AddAsync(
            db, new EventOf(pin.WorkspaceId, pin.DeploymentId, Revision: null), $"{RequestEventKinds.Resumed}:{pin.RevisionId:N}", clock.GetUtcNow(),
            RequestEventKinds.Resumed, $"The rollback to revision {pin.TargetNumber} holds nothing back any more. {why}", Json(pin), cancellationToken);
    }

    public static JsonElement Json(PinRow pin) => JsonSerializer.SerializeToElement(AnswerOf(pin), ApiJson.Default.Rollback);

    public static Rollback AnswerOf(PinRow pin) => new()
    {
        DeploymentId = pin.DeploymentId,
        RevisionId = pin.RevisionId,
        Number = pin.RevisionNumber,
        TargetRevisionId = pin.TargetRevisionId,
        TargetNumber = pin.TargetNumber,
        LeftRevisionId = pin.LeftRevisionId,
        LeftNumber = pin.LeftNumber,
        Reason = pin.Reason,
        Since = pin.PinnedAt,
    };
}
