using Pilothouse.Core;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Switching;

namespace Pilothouse.Listener.Reconciling;

/// <summary>What the planner needs to know of a revision.</summary>
internal sealed record PlannedRevision(RevisionId Id, int Number, StateLocation State)
{
    public override string ToString() => Number.ToString();
}

/// <summary>Everything that one decision about a deployment rests on: what is wanted, what runs, where callers go, what was learnt on the way.</summary>
internal sealed record Situation
{
    /// <summary>False: the control plane no longer names it. It is stopped, and its files stay.</summary>
    public bool IsWanted { get; init; } = true;

    public bool IsDeleted { get; init; }

    public long Generation { get; init; }

    public PlannedRevision? Active { get; init; }
    public PlannedRevision? Next { get; init; }

    /// <summary>Revisions that run here though the control plane names them no longer, so that they can serve until something better does.</summary>
    public IReadOnlyDictionary<RevisionId, PlannedRevision> Known { get; init; } = new Dictionary<RevisionId, PlannedRevision>();

    public IReadOnlyList<ReplicaStatus> Replicas { get; init; } = [];

    public Route? Route { get; init; }

    /// <summary>The last held switch of the deployment, finished or not; survives the process.</summary>
    public SwitchRecord? LastSwitch { get; init; }

    /// <summary>Revisions that will not be tried again.</summary>
    public IReadOnlySet<RevisionId> Failed { get; init; } = new HashSet<RevisionId>();

    /// <summary>Revisions that became ready on scratch state.</summary>
    public IReadOnlySet<RevisionId> Proven { get; init; } = new HashSet<RevisionId>();

    /// <summary>Revisions that would run exactly what the routed replica runs.</summary>
    public IReadOnlySet<RevisionId> Repeats { get; init; } = new HashSet<RevisionId>();

    /// <summary>Revisions whose replica may be held or stopped now: a look within this pass said so.</summary>
    public IReadOnlySet<RevisionId> Quiet { get; init; } = new HashSet<RevisionId>();

    /// <summary>The control plane took the news that <see cref="Next"/> serves; its crashes are then those of a serving revision.</summary>
    public bool IsNextAccepted { get; init; }
}
