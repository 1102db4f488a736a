using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Revisions;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Revisions;
using RevisionEvent = Pilothouse.Core.Revisions.RevisionEvent;

namespace Pilothouse.Control.Reconciling;

/// <summary>
/// Who builds what. A claim raises the revision's fencing number, and every later write of the claimant names it: an owner that was paused past its
/// lease changes nothing when it wakes.
/// </summary>
internal sealed class RevisionLeases(IDbContextFactory<PilothouseDb> databases, ControlSignals signals, IOptions<ReconcilingOptions> options, TimeProvider clock,
    DataDirectoryLock replica)
{
    private readonly Guid _process = Guid.NewGuid();

    /// <summary>This process, once.</summary>
    public string Owner => $"{replica.Replica}:{_process:N}";

    public bool IsOwn(RevisionRow row) => string.Equals(row.LeaseOwner, Owner, StringComparison.Ordinal);

    /// <summary>
    /// Once at start. This process holds the lock of its data directory, so whoever else held a lease from there is dead, and its builds go on at
    /// once; with SQLite the store lies in that directory, and everybody did.
    /// </summary>
    public async Task ReleaseOfTheDeadAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var here = db is SqliteDb ? "" : $"{replica.Replica}:";
        await db.Revisions.Where(row => row.LeaseOwner != null && row.LeaseOwner.StartsWith(here)).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.LeaseOwner, (string?)null).SetProperty(row => row.LeaseUntil, (DateTimeOffset?)null),
            cancellationToken);
    }

    /// <summary>From AWAITING_BUILD to BUILDING, held by this process.</summary>
    /// <returns>The row as it is now; null when somebody else was first, or its workspace has as many builds under way as it may.</returns>
    public async Task<RevisionRow?> ClaimAsync(RevisionRow row, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!await IsFreeAsync(db, row.Id, cancellationToken) || !await HasRoomAsync(db, row.WorkspaceId, cancellationToken)) return null;
        var now = clock.GetUtcNow();
        var next = RevisionMachine.Next(row.Status, RevisionEvent.BuildStarted);
        var fence = row.LeaseFence + 1;
        var claimed = await db.Revisions
            .Where(revision => revision.Id == row.Id && revision.Status == row.Status && revision.LeaseFence == row.LeaseFence)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(revision => revision.Status, next)
                    .SetProperty(revision => revision.StatusReason, (string?)null)
                    .SetProperty(revision => revision.LeaseOwner, Owner)
                    .SetProperty(revision => revision.LeaseUntil, now + options.Value.BuildLease)
                    .SetProperty(revision => revision.LeaseFence, fence)
                    .SetProperty(revision => revision.UpdatedAt, now),
                cancellationToken);
        if (claimed == 0 || next == row.Status) return null;
        (row.Status, row.LeaseOwner, row.LeaseFence) = (next, Owner, fence);
        var telling = new Telling(ControlEventKinds.BuildStarted, $"The build of revision {row.Number} began.", Occasion: $":{fence}");
        await RevisionTransitions.TellAsync(db, row, telling, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        signals.EventsTold(new DeploymentId(row.DeploymentId));
        return row;
    }

    /// <summary>Several control planes hear of a revision at the same moment: whoever finds another one at it goes on to the next.</summary>
    private static async Task<bool> IsFreeAsync(PilothouseDb db, Guid revision, CancellationToken cancellationToken) => db is SqliteDb
        || (await db.Database.SqlQuery<Guid>($"SELECT id AS \"Value\" FROM revisions WHERE id = {revision} FOR UPDATE SKIP LOCKED").ToListAsync(cancellationToken)).Count > 0;

    /// <summary>Claims for one workspace come one after the other, so that two of them do not both take its last place.</summary>
    private async Task<bool> HasRoomAsync(PilothouseDb db, Guid workspace, CancellationToken cancellationToken)
    {
        if (options.Value.ConcurrentBuildsPerWorkspace is not { } limit) return true;
        await db.HoldAsync(workspace, cancellationToken);
        return await db.Revisions.CountAsync(row => row.WorkspaceId == workspace && row.Status == RevisionStatus.Building, cancellationToken) < limit;
    }

    /// <summary>Whoever has that name held this process's data directory before it, and is dead.</summary>
    public bool IsOfTheDead(PilothouseDb db, string owner) =>
        !string.Equals(owner, Owner, StringComparison.Ordinal)
        && (db is SqliteDb || owner.StartsWith($"{replica.Replica}:", StringComparison.Ordinal));

    /// <returns>False when the revision is no longer this process's: it was interrupted, or taken over.</returns>
    public async Task<bool> RenewAsync(RevisionRow row, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Revisions.HeldBy(row.Id, Owner, row.LeaseFence).ExecuteUpdateAsync(
            set => set.SetProperty(revision => revision.LeaseUntil, clock.GetUtcNow() + options.Value.BuildLease), cancellationToken) == 1;
    }

    public async Task<bool> HoldsAsync(RevisionRow row, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Revisions.HeldBy(row.Id, Owner, row.LeaseFence).AnyAsync(cancellationToken);
    }

    /// <summary>Back to AWAITING_BUILD: the builder is dead, or gives up for now. Only for the holder itself, or where nobody holds it.</summary>
    public async Task<bool> AbandonAsync(RevisionRow row, string why, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = clock.GetUtcNow();
        var telling = new Telling(ControlEventKinds.BuildRestarted, why, Reason: why, Occasion: $":{row.LeaseFence}");
        var isOwn = IsOwn(row);
        var abandoned = await RevisionTransitions.MoveAsync(
            db, row, RevisionEvent.BuildAbandoned, telling, now, cancellationToken,
            rows => isOwn
                ? rows.Where(revision => revision.LeaseOwner == Owner)
                : rows.Where(revision => revision.LeaseOwner == null || revision.LeaseUntil < now));
        await transaction.CommitAsync(cancellationToken);
        signals.EventsTold(new DeploymentId(row.DeploymentId));
        return abandoned;
    }
}
