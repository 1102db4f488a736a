using Pilothouse.Contracts.Listeners;
using Pilothouse.Core;

namespace Pilothouse.Listener.Reporting;

/// <summary>
/// What the control plane has yet to hear. Claims are level-triggered: the planner makes them again whenever they are true, and only those that
/// were not taken for the present generation are sent; one that begins is sent before the one that ends, however quickly they follow each other,
/// so that people see both. Events wait until they are taken.
/// </summary>
internal sealed class ReportOutbox
{
    /// <summary>Events of one deployment that may wait; beyond it the oldest is dropped, as the newer say more.</summary>
    private const int MostEvents = 500;

    private readonly Lock _lock = new();
    private readonly Dictionary<DeploymentId, Box> _boxes = [];

    /// <summary>There is something to send; set once before anything is started.</summary>
    public Action<DeploymentId> OnPending { get; set; } = _ => { };

    /// <summary>Repeating the present claim changes nothing; an earlier phase of the same revision never replaces a later one.</summary>
    /// <returns>Whether it is news.</returns>
    public bool Claim(DeploymentId deployment, Claim claim)
    {
        var asked = claim.Phase;
        lock (_lock)
        {
            var box = Box_NeedsLock(deployment);
            if (box.Claim is { } present && present.Revision == claim.Revision)
            {
                if (present.Phase == claim.Phase && present.Generation == claim.Generation) return false;
                if (claim.Phase < ClaimPhase.Failed && present.Phase > claim.Phase) claim = present with { Generation = claim.Generation };
                if (claim == present) return false;
            }

            box.Beginning = Beginning_NeedsLock(box, claim);
            box.Claim = claim;
            box.IsClaimTaken = false;
        }

        OnPending(deployment);
        return claim.Phase == asked;
    }

    public void Add(DeploymentId deployment, RevisionId? revision, ReportedEvent happened)
    {
        lock (_lock)
        {
            var box = Box_NeedsLock(deployment);
            if (box.Events.Any(waiting => string.Equals(waiting.Event.Key, happened.Key, StringComparison.Ordinal))) return;
            box.Events.Add((revision, happened));
            if (box.Events.Count > MostEvents) box.Events.RemoveAt(0);
        }

        OnPending(deployment);
    }

    public bool IsTaken(DeploymentId deployment, RevisionId revision, ClaimPhase phase)
    {
        lock (_lock)
        {
            return _boxes.TryGetValue(deployment, out var box) && box.IsClaimTaken
                && box.Claim is { } claim && claim.Revision == revision && claim.Phase == phase;
        }
    }

    public IReadOnlyList<DeploymentId> Pending()
    {
        lock (_lock)
        {
            return [.. _boxes.Where(pair => pair.Value.IsPending).Select(pair => pair.Key)];
        }
    }

    /// <summary>The next thing to send: the claim with events of its revision, else events of one revision. Null when nothing waits.</summary>
    public Parcel? Next(DeploymentId deployment)
    {
        lock (_lock)
        {
            if (!_boxes.TryGetValue(deployment, out var box) || !box.IsPending) return null;
            var claim = box.Beginning ?? (box.IsClaimTaken ? null : box.Claim);
            var revision = claim is null ? box.Events[0].Revision : claim.Revision;
            return new Parcel(claim, revision, [.. box.Events.Where(one => one.Revision == revision).Select(one => one.Event)]);
        }
    }

    /// <summary>The control plane took the parcel.</summary>
    public void Taken(DeploymentId deployment, Parcel parcel)
    {
        lock (_lock)
        {
            if (!_boxes.TryGetValue(deployment, out var box)) return;
            if (parcel.Claim is { } claim && claim == box.Beginning) box.Beginning = null;
            else if (parcel.Claim is not null && parcel.Claim == box.Claim) box.IsClaimTaken = true;
            box.Events.RemoveAll(waiting => parcel.Events.Contains(waiting.Event));
        }
    }

    public void Forget(DeploymentId deployment)
    {
        lock (_lock)
        {
            _boxes.Remove(deployment);
        }
    }

    /// <summary>The <c>deploying</c> that was not taken before <paramref name="claim"/> replaces it; null when there is none.</summary>
    private static Claim? Beginning_NeedsLock(Box box, Claim claim)
    {
        if (claim is { Revision: null } or { Phase: ClaimPhase.Deploying }) return null;
        var waiting = box.Beginning ?? (box is { IsClaimTaken: false, Claim.Phase: ClaimPhase.Deploying } ? box.Claim : null);
        return waiting?.Revision == claim.Revision ? waiting! with { Generation = claim.Generation } : null;
    }

    private Box Box_NeedsLock(DeploymentId deployment)
    {
        if (!_boxes.TryGetValue(deployment, out var box)) _boxes[deployment] = box = new Box();
        return box;
    }

    private sealed class Box
    {
        /// <summary>To be sent before <see cref="Claim"/>.</summary>
        public Claim? Beginning { get; set; }

        public Claim? Claim { get; set; }
        public bool IsClaimTaken { get; set; }
        public List<(RevisionId? Revision, ReportedEvent Event)> Events { get; } = [];
        public bool IsPending => Events.Count > 0 || Beginning is not null || (Claim is not null && !IsClaimTaken);
    }
}

/// <param name="Claim">Null: only events.</param>
internal sealed record Parcel(Claim? Claim, RevisionId? Revision, IReadOnlyList<ReportedEvent> Events);
