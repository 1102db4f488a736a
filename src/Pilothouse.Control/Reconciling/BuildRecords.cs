using System.Text.Json.Nodes;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Deployments;
using Pilothouse.Control.Revisions;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Launching;
using RevisionEvent = Pilothouse.Core.Revisions.RevisionEvent;

namespace Pilothouse.Control.Reconciling;

/// <summary>Writes how a build ended, if the revision is still the builder's. The build's log is whole before.</summary>
internal sealed class BuildRecords(
    IDbContextFactory<PilothouseDb> databases, RevisionLeases leases, ControlSignals signals, TimeProvider clock)
{
    /// <returns>False when the revision is no longer the builder's, and nothing was written.</returns>
    public async Task<bool> SucceededAsync(RevisionRow row, BuildOutcome.Built built, CancellationToken cancellationToken)
    {
        var artifact = built.Artifact;
        var message = built.WasThere
            ? $"Revision {row.Number} needed no build: the same source was built before."
            : $"Revision {row.Number} was built for {artifact.ServerVersion}.";
        var telling = new Telling(ControlEventKinds.BuildSucceeded, message, Data: Json(built));
        return await RecordAsync(row, RevisionEvent.BuildSucceeded, telling, Succeeded, cancellationToken);

        async Task Succeeded(PilothouseDb db)
        {
            await db.Revisions.Where(revision => revision.Id == row.Id).ExecuteUpdateAsync(
                set => set
                    .SetProperty(revision => revision.ArtifactDigest, artifact.Digest)
                    .SetProperty(revision => revision.LaunchSpec, LaunchSpecJson.Write(artifact.Launch))
                    .SetProperty(revision => revision.ServerVersion, artifact.ServerVersion),
                cancellationToken);
            await WantedRevisions.RaiseAsync(db, row, cancellationToken);
        }
    }

    /// <param name="message">One sentence; also the last line of the build's log.</param>
    /// <returns>As <see cref="SucceededAsync"/>.</returns>
    public Task<bool> FailedAsync(RevisionRow row, string message, CancellationToken cancellationToken) => RecordAsync(
        row, RevisionEvent.BuildFailed, new Telling(ControlEventKinds.BuildFailed, message, Reason: message), _ => Task.CompletedTask,
        cancellationToken);

    private async Task<bool> RecordAsync(
        RevisionRow row, RevisionEvent happened, Telling telling, Func<PilothouseDb, Task> also, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(row.DeploymentId, cancellationToken);
        var isOurs = await RevisionTransitions.MoveAsync(
            db, row, happened, telling, clock.GetUtcNow(), cancellationToken, rows => rows.HeldBy(row.Id, leases.Owner, row.LeaseFence));
        if (!isOurs) return false;
        await also(db);
        await transaction.CommitAsync(cancellationToken);
        signals.RevisionChanged(new DeploymentId(row.DeploymentId));
        return true;
    }

    private static JsonElement Json(BuildOutcome.Built built)
    {
        var facts = new JsonObject
        {
            ["artifact_digest"] = built.Artifact.Digest,
            ["server_version"] = built.Artifact.ServerVersion,
            ["was_there"] = built.WasThere,
        };
        using var document = JsonDocument.Parse(facts.ToJsonString());
        return document.RootElement.Clone();
    }
}

internal static class WantedRevisions
{
    /// <summary>The revision is what the listener shall bring up now: nothing older is given a late chance any more. Joins the transaction.</summary>
    public static async Task RaiseAsync(PilothouseDb db, RevisionRow row, CancellationToken cancellationToken)
    {
        await db.Revisions
            .Where(older => older.DeploymentId == row.DeploymentId && older.Number < row.Number && older.IsLate)
            .ExecuteUpdateAsync(set => set.SetProperty(older => older.IsLate, false), cancellationToken);
        var deployment = await db.Deployments.SingleAsync(owner => owner.Id == row.DeploymentId, cancellationToken);
        await WantedChange.RaiseAsync(db, deployment, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
    }
}
