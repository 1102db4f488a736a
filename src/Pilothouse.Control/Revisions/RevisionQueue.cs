using Pilothouse.Control.Storage;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Revisions;

/// <summary>What is next for a deployment's unfinished revisions.</summary>
/// <param name="Promote">Its turn has come.</param>
/// <param name="Skip">Superseded by it.</param>
/// <param name="Interrupt">Of a deployment that is to be deleted.</param>
internal sealed record QueuePlan(RevisionRow? Promote, IReadOnlyList<RevisionRow> Skip, IReadOnlyList<RevisionRow> Interrupt)
{
    public static QueuePlan Nothing { get; } = new(null, [], []);

    public bool IsEmpty => Promote is null && Skip.Count == 0 && Interrupt.Count == 0;
}

/// <summary>One revision of a deployment is in flight at a time; when it ends, the newest queued one goes on and the others are skipped. Pure.</summary>
internal static class RevisionQueue
{
    /// <param name="unfinished">All revisions of the deployment whose status is not terminal.</param>
    public static QueuePlan Plan(DeploymentStatus deployment, IReadOnlyCollection<RevisionRow> unfinished)
    {
        if (deployment == DeploymentStatus.AwaitingDelete) return new QueuePlan(null, [], [.. unfinished]);
        if (unfinished.Any(revision => revision.Status.IsInFlight())) return QueuePlan.Nothing;

        var queued = unfinished.Where(revision => revision.Status == RevisionStatus.Queued).OrderByDescending(revision => revision.Number).ToList();
        return queued.Count == 0 ? QueuePlan.Nothing : new QueuePlan(queued[0], queued[1..], []);
    }
}
