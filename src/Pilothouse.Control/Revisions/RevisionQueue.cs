using Pilothouse.Control.Storage;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Revisions;

/// <summary>What is next for a deployment's unfinished revisions.</summary>
/// <param name="Promote">Its turn has come.</param>
/// <param name="Skip">Superseded by it, or held back by a rollback.</param>
/// <param name="Interrupt">Of a deployment that is to be deleted, or that was rolled back since.</param>
internal sealed record QueuePlan(RevisionRow? Promote, IReadOnlyList<RevisionRow> Skip, IReadOnlyList<RevisionRow> Interrupt)
{
    public static QueuePlan Nothing { get; } = new(null, [], []);

    public bool IsEmpty => Promote is null && Skip.Count == 0 && Interrupt.Count == 0;
}

/// <summary>One revision of a deployment is in flight at a time; when it ends, the newest queued one goes on and the others are skipped. Pure.</summary>
internal static class RevisionQueue
{
    /// <param name="unfinished">All revisions of the deployment whose status is not terminal.</param>
    /// <param name="pin">A rollback that stays.</param>
    public static QueuePlan Plan(DeploymentStatus deployment, IReadOnlyCollection<RevisionRow> unfinished, PinRow? pin = null)
    {
        if (deployment == DeploymentStatus.AwaitingDelete) return new QueuePlan(null, [], [.. unfinished]);
        var held = unfinished.Where(revision => PinPlanner.MayStartAutomatically(pin, AutomaticStart.Of(revision)) is StartVerdict.Held).ToList();
        var interrupt = held.Where(revision => revision.Status != RevisionStatus.Queued).ToList();
        var skip = held.Except(interrupt).ToList();
        var free = unfinished.Except(held).ToList();
        if (free.Exists(revision => revision.Status.IsInFlight())) return new QueuePlan(null, skip, interrupt);

        var queued = free.Where(revision => revision.Status == RevisionStatus.Queued).OrderByDescending(revision => revision.Number).ToList();
        return new QueuePlan(queued.FirstOrDefault(), [.. skip, .. queued.Skip(1)], interrupt);
    }
}
