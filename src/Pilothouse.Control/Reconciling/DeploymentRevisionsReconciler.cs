using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Deployments;
using Pilothouse.Control.Logs;
using Pilothouse.Control.Revisions;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Reconciling;
using Pilothouse.Core.Revisions;
using RevisionEvent = Pilothouse.Core.Revisions.RevisionEvent;

namespace Pilothouse.Control.Reconciling;

/// <summary>Moves a deployment's revisions on: whose turn it is, which are passed over, and who builds. Building and deploying are others' work.</summary>
internal sealed class DeploymentRevisionsReconciler(
    IDbContextFactory<PilothouseDb> databases, OpenContexts contexts, IEnumerable<IArtifacts> artifacts, BuildInputs inputs, DeployLog deployLog, ControlSignals signals, TimeProvider clock)
    : IReconciler<DeploymentId>
{
    public const string NoImageRuntime =
        "This revision is a container image, and this control plane has no runtime that runs images: connect a listener with a container or Kubernetes runtime, or deploy from source with --remote.";

    private static readonly RevisionStatus[] s_unfinished =
        [.. Enum.GetValues<RevisionStatus>().Where(status => !status.IsTerminal() && status != RevisionStatus.Unknown)];

    /// <summary>A revision waits for its build; set once before the loop starts.</summary>
    public Action<RevisionId> OnBuildable { get; set; } = _ => { };

    public async Task<IReadOnlyList<DeploymentId>> AllKeysAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var ids = await db.Revisions.Where(row => s_unfinished.Contains(row.Status)).Select(row => row.DeploymentId).Distinct().ToListAsync(cancellationToken);
        return [.. ids.Select(id => new DeploymentId(id))];
    }

    public Task<Reconciled> ReconcileAsync(DeploymentId key, CancellationToken cancellationToken) =>
        contexts.UseAsync(db => ReconcileAsync(db, key, cancellationToken), cancellationToken);

    private async Task<Reconciled> ReconcileAsync(PilothouseDb db, DeploymentId key, CancellationToken cancellationToken)
    {
        var (deployment, unfinished, pin) = await ReadAsync(db, key, cancellationToken);
        if (deployment is null) return Reconciled.Settled.Instance;
        var plan = RevisionQueue.Plan(deployment.Value, unfinished, pin);
        if (!plan.IsEmpty) unfinished = await ApplyAsync(db, key, await FindArtifactAsync(plan.Promote, cancellationToken), cancellationToken);

        foreach (var revision in unfinished.Where(row => row.Status is RevisionStatus.AwaitingBuild or RevisionStatus.Building))
            OnBuildable(new RevisionId(revision.Id));
        return Reconciled.Settled.Instance;
    }

    /// <summary>Reads once more under the writer's lock: what was planned without it may have changed.</summary>
    /// <param name="artifact">Digest of one that is there.</param>
    private async Task<IReadOnlyList<RevisionRow>> ApplyAsync(PilothouseDb db, DeploymentId key, string? artifact, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(key.Value, cancellationToken);
        var (deployment, unfinished, pin) = await ReadAsync(db, key, cancellationToken);
        if (deployment is null)
        {
            await transaction.RollbackAsync(cancellationToken);
            return [];
        }

        var plan = RevisionQueue.Plan(deployment.Value, unfinished, pin);
        foreach (var revision in plan.Interrupt)
            await InterruptAsync(db, revision, deployment == DeploymentStatus.AwaitingDelete ? null : pin, cancellationToken);
        foreach (var revision in plan.Skip) await MoveAsync(db, revision, RevisionEvent.Superseded, Skipped(revision, plan, pin), cancellationToken);
        if (plan.Promote is { } next) await PromoteAsync(db, next, artifact, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        if (!plan.IsEmpty) signals.RevisionChanged(key);
        return unfinished;
    }

    /// <param name="pin">Null: the deployment is being deleted, and whoever wanted that told the listener.</param>
    private async Task InterruptAsync(PilothouseDb db, RevisionRow revision, PinRow? pin, CancellationToken cancellationToken)
    {
        var wasWanted = revision.Status is RevisionStatus.AwaitingDeploy or RevisionStatus.Deploying;
        if (!await MoveAsync(db, revision, RevisionEvent.InterruptRequested, pin is null ? OfDeletion : OfRollback(pin), cancellationToken)) return;
        if (pin is null || !wasWanted) return;
        await WantedChange.RaiseAsync(db, await db.Deployments.SingleAsync(row => row.Id == revision.DeploymentId, cancellationToken), cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>Outside the transaction, since it may be asked for elsewhere. One that goes meanwhile is found missing by who starts it.</summary>
    private async Task<string?> FindArtifactAsync(RevisionRow? next, CancellationToken cancellationToken)
    {
        if (next is not { ArtifactDigest: { } digest, LaunchSpec: not null }) return null;
        foreach (var known in artifacts)
            if (await known.HasAsync(digest, cancellationToken)) return digest;
        return null;
    }

    private async Task PromoteAsync(PilothouseDb db, RevisionRow next, string? artifact, CancellationToken cancellationToken)
    {
        if (next is { ArtifactDigest: { } digest, LaunchSpec: not null } && string.Equals(digest, artifact, StringComparison.Ordinal))
        {
            await MoveAsync(db, next, RevisionEvent.PromotedToDeploy, ReadyToDeploy(next, "its artifact is there already"), cancellationToken);
            // A build finds that out first; without one, it would wait for ever for a listener that cannot be told its environment.
            if (!await inputs.SecretsOpenAsync(next, cancellationToken))
            {
                await FailAsync(db, next, BuildInputs.SecretsDoNotOpen, cancellationToken);
                return;
            }

            await WantedRevisions.RaiseAsync(db, next, cancellationToken);
            return;
        }

        if (!IsImage(next))
        {
            var telling = new Telling(ControlEventKinds.ReadyToBuild, $"It is the turn of revision {next.Number}; it waits for its build.");
            await MoveAsync(db, next, RevisionEvent.PromotedToBuild, telling, cancellationToken);
            return;
        }

        await MoveAsync(db, next, RevisionEvent.PromotedToDeploy, ReadyToDeploy(next, "images need no build"), cancellationToken);
        await FailAsync(db, next, NoImageRuntime, cancellationToken);
    }

    private async Task FailAsync(PilothouseDb db, RevisionRow row, string why, CancellationToken cancellationToken)
    {
        await MoveAsync(db, row, RevisionEvent.DeployFailed, new Telling(ControlEventKinds.DeployFailed, why, Reason: why), cancellationToken);
        await deployLog.AddAsync(db, row, LogLevels.Error, why, cancellationToken);
    }

    private Task<bool> MoveAsync(
        PilothouseDb db, RevisionRow row, RevisionEvent happened, Telling telling, CancellationToken cancellationToken) =>
        RevisionTransitions.MoveAsync(db, row, happened, telling, clock.GetUtcNow(), cancellationToken);

    private static bool IsImage(RevisionRow row) => row.Source is "external_docker" or "internal_docker";

    private static Telling OfDeletion { get; } = new(
        ControlEventKinds.Interrupted, "The deployment is being deleted.", Reason: "The deployment was deleted.");

    private static Telling OfRollback(PinRow pin)
    {
        var message = $"The deployment was rolled back to revision {pin.TargetNumber}.";
        return new Telling(ControlEventKinds.Interrupted, message, Reason: message);
    }

    private static Telling Skipped(RevisionRow revision, QueuePlan plan, PinRow? pin)
    {
        var message = PinPlanner.MayStartAutomatically(pin, AutomaticStart.Of(revision)) is StartVerdict.Held held
            ? held.Why
            : $"Revision {plan.Promote!.Number} was queued behind it and went on in its place.";
        return new Telling(ControlEventKinds.Skipped, message, Reason: message);
    }

    private static Telling ReadyToDeploy(RevisionRow row, string why) =>
        new(ControlEventKinds.ReadyToDeploy, $"It is the turn of revision {row.Number}; {why}.");

    private static async Task<(DeploymentStatus? Deployment, IReadOnlyList<RevisionRow> Unfinished, PinRow? Pin)> ReadAsync(
        PilothouseDb db, DeploymentId key, CancellationToken cancellationToken)
    {
        var deployment = await db.Deployments.Where(row => row.Id == key.Value).Select(row => (DeploymentStatus?)row.Status)
            .SingleOrDefaultAsync(cancellationToken);
        var unfinished = await db.Revisions.AsNoTracking()
            .Where(row => row.DeploymentId == key.Value && s_unfinished.Contains(row.Status))
            .ToListAsync(cancellationToken);
        var pin = unfinished.Count == 0
            ? null
            : await db.Pins.AsNoTracking().SingleOrDefaultAsync(row => row.DeploymentId == key.Value, cancellationToken);
        return (deployment, unfinished, pin);
    }
}
