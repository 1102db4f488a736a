using Pilothouse.Core;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Reporting;
using Pilothouse.Listener.Switching;

namespace Pilothouse.Listener.Reconciling;

/// <summary>
/// Decides what to do next for one deployment. Pure. <em>Home</em> is the revision where callers are now, or will be first; <em>target</em> is
/// where they should be. Home is kept serving until the target has proven itself.
/// </summary>
internal static class DeploymentPlanner
{
    public static Plan Plan(Situation situation)
    {
        if (!situation.IsWanted || situation.IsDeleted) return Leave(situation);
        if (situation.LastSwitch is { IsUnfinished: true } record) return Recover(situation, record);

        var home = Home(situation);
        var target = Target(situation);
        var steps = new List<Step>();
        if (Begun(situation, home, target) is { } begun) steps.Add(begun);
        var ends = new List<PlanEnd>
        {
            Retire(situation, home, target, steps),
            home is null ? PlanEnd.Settled : KeepServing(situation, home, steps),
            target is null || target == home ? PlanEnd.Settled : Bring(situation, home, target, steps),
            Conclude(situation, home, steps),
        };
        return new Plan(steps, Soonest(ends));
    }

    /// <summary>The revision where callers are, or should be until something better is ready.</summary>
    public static PlannedRevision? Home(Situation situation)
    {
        if (situation.Next is { } next && !situation.Failed.Contains(next.Id)
            && situation.LastSwitch is { Stage: SwitchStage.Released } last && last.To == next.Id.Value)
        {
            // Its callers were let through before the control plane heard of it: the state is this revision's now.
            return next;
        }

        if (situation.Route is { } route && Main(situation, route.Revision) is not null && Lookup(situation, route.Revision) is { } routed)
            return routed;
        return situation.Active;
    }

    private static PlannedRevision? Target(Situation situation)
    {
        if (situation.Next is { } next && !situation.Failed.Contains(next.Id)) return next;
        return situation.Active is { } active && !situation.Failed.Contains(active.Id) ? active : null;
    }

    private static Plan Leave(Situation situation)
    {
        var steps = new List<Step>();
        if (situation.Route is not null) steps.Add(new Step.RemoveRoute());
        steps.AddRange(situation.Replicas.Select(replica => Stop(situation, replica)));
        if (situation is { IsWanted: true, IsDeleted: true })
        {
            steps.Add(new Step.RemoveFiles());
            steps.Add(new Step.Claim(Revision: null, ClaimPhase.Deleted));
        }

        return new Plan(steps, PlanEnd.Settled);
    }

    private static Plan Recover(Situation situation, SwitchRecord record)
    {
        // While stopping, the old one may still run and its state is whole; later, nothing may run before the state is put back.
        var steps = situation.Replicas
            .Where(replica => !replica.Name.IsScratch
                && (record.Stage == SwitchStage.Starting || replica.Revision.Value == record.To))
            .Select(Step (replica) => Stop(situation, replica))
            .ToList();
        steps.Add(new Step.Recover(record));
        return new Plan(steps, PlanEnd.PlanAgain);
    }

    /// <summary>Ends replicas that are neither home nor on the way to be.</summary>
    private static PlanEnd Retire(Situation situation, PlannedRevision? home, PlannedRevision? target, List<Step> steps)
    {
        var end = PlanEnd.Settled;
        foreach (var replica in situation.Replicas)
        {
            var isTarget = replica.Revision == target?.Id;
            if (replica.Name.IsScratch)
            {
                var isProving = isTarget && home is not null && target != home && !situation.Proven.Contains(replica.Revision);
                if (!isProving) steps.Add(Stop(situation, replica));
                continue;
            }

            if (replica.Revision == home?.Id || (isTarget && !IsExclusive(home, target!))) continue;
            var revision = Lookup(situation, replica.Revision);
            var mayWork = replica.Phase == ReplicaPhase.Ready && revision is { State: not StateLocation.Files };
            if (mayWork && !situation.Quiet.Contains(replica.Revision))
            {
                steps.Add(new Step.AwaitDrained(revision!));
                end = PlanEnd.LookSoon;
                continue;
            }

            steps.Add(Stop(situation, replica));
        }

        return end;
    }

    private static PlanEnd KeepServing(Situation situation, PlannedRevision home, List<Step> steps)
    {
        var main = Main(situation, home.Id);
        IReadOnlyList<Uri> endpoints = main is { Phase: ReplicaPhase.Ready, Endpoint: { } endpoint } ? [endpoint] : [];
        if (situation.Route is not { } route || route.Revision != home.Id || !route.Endpoints.SequenceEqual(endpoints))
            steps.Add(new Step.Publish(home, endpoints));
        if (main is null) steps.Add(new Step.Start(home, IsScratch: false));
        return endpoints.Count == 0 ? PlanEnd.AwaitReplica : PlanEnd.Settled;
    }

    private static PlanEnd Bring(Situation situation, PlannedRevision? home, PlannedRevision target, List<Step> steps) =>
        IsExclusive(home, target) ? Exchange(situation, home!, target, steps) : Open(situation, home, target, steps);

    /// <summary>The first revision, or one that may run beside the old.</summary>
    private static PlanEnd Open(Situation situation, PlannedRevision? home, PlannedRevision target, List<Step> steps)
    {
        switch (Main(situation, target.Id))
        {
            case null:
                steps.Add(new Step.Start(target, IsScratch: false));
                return PlanEnd.AwaitReplica;
            case { Phase: ReplicaPhase.Ready } ready:
                steps.Add(new Step.SwitchBeside(home, target, ready));
                return PlanEnd.PlanAgain;
            case { Phase: ReplicaPhase.CrashLooping } failing:
                steps.Add(new Step.Fail(target, failing));
                return PlanEnd.PlanAgain;
            default:
                return PlanEnd.AwaitReplica;
        }
    }

    /// <summary>Two must not share the state: proven on scratch state first, then exchanged while callers are held.</summary>
    private static PlanEnd Exchange(Situation situation, PlannedRevision home, PlannedRevision target, List<Step> steps)
    {
        if (situation.Proven.Contains(target.Id)) return ExchangeProven(situation, home, target, steps);

        // What serves now is the proof: the same files, started in the same way.
        if (situation.Repeats.Contains(target.Id) && situation.Route?.Revision == home.Id
            && Main(situation, home.Id) is { Phase: ReplicaPhase.Ready } serving)
        {
            steps.Add(new Step.MarkProven(target, serving, home));
            return PlanEnd.PlanAgain;
        }

        switch (Scratch(situation, target.Id))
        {
            case null:
                steps.Add(new Step.Start(target, IsScratch: true));
                return PlanEnd.AwaitReplica;
            case { Phase: ReplicaPhase.Ready } ready:
                steps.Add(new Step.MarkProven(target, ready, By: null));
                steps.Add(Stop(situation, ready));
                return PlanEnd.PlanAgain;
            case { Phase: ReplicaPhase.Ended or ReplicaPhase.CrashLooping } ended:
                steps.Add(new Step.Fail(target, ended));
                return PlanEnd.PlanAgain;
            default:
                return PlanEnd.AwaitReplica;
        }
    }

    private static PlanEnd ExchangeProven(Situation situation, PlannedRevision home, PlannedRevision target, List<Step> steps)
    {
        switch (Main(situation, home.Id))
        {
            case null or { Phase: ReplicaPhase.Starting, IsLate: false }:
                return PlanEnd.AwaitReplica;
            case { Phase: ReplicaPhase.Ready } when !situation.Quiet.Contains(home.Id):
                steps.Add(new Step.AwaitQuiet(home, target.Id));
                return PlanEnd.LookSoon;
            default:
                steps.Add(new Step.SwitchHeld(home, target));
                return PlanEnd.PlanAgain;
        }
    }

    /// <summary>Said before anything is done: a start that is refused is a beginning too.</summary>
    private static Step.Claim? Begun(Situation situation, PlannedRevision? home, PlannedRevision? target)
    {
        if (situation.Next is not { } next || target != next || home == next) return null;
        var isLate = situation.Replicas.Any(replica =>
            replica.Revision == next.Id && replica is { IsLate: true, Phase: not ReplicaPhase.Ready });
        return new Step.Claim(next, isLate ? ClaimPhase.Late : ClaimPhase.Deploying);
    }

    private static PlanEnd Conclude(Situation situation, PlannedRevision? home, List<Step> steps)
    {
        if (situation.Next is not { } next) return PlanEnd.Settled;
        if (!situation.Failed.Contains(next.Id)) return home == next ? ClaimServing(situation, next, steps) : PlanEnd.Settled;
        steps.Add(new Step.Claim(next, ClaimPhase.Failed));
        return PlanEnd.Settled;
    }

    private static PlanEnd ClaimServing(Situation situation, PlannedRevision next, List<Step> steps)
    {
        var main = Main(situation, next.Id);
        if (main is { Phase: ReplicaPhase.Ready })
        {
            steps.Add(new Step.Claim(next, ClaimPhase.Deployed));
            return PlanEnd.Settled;
        }

        // Never taken as deployed, and it does not hold: back to what served before.
        if (main is not { Phase: ReplicaPhase.CrashLooping } || situation.IsNextAccepted) return PlanEnd.AwaitReplica;
        steps.Add(new Step.Fail(next, main));
        return PlanEnd.PlanAgain;
    }

    private static bool IsExclusive(PlannedRevision? home, PlannedRevision target) =>
        home is not null && (home.State == StateLocation.Files || target.State == StateLocation.Files);

    private static PlannedRevision? Lookup(Situation situation, RevisionId revision)
    {
        if (situation.Active?.Id == revision) return situation.Active;
        return situation.Next?.Id == revision ? situation.Next : situation.Known.GetValueOrDefault(revision);
    }

    private static ReplicaStatus? Main(Situation situation, RevisionId revision) =>
        situation.Replicas.FirstOrDefault(replica => replica.Revision == revision && !replica.Name.IsScratch);

    private static ReplicaStatus? Scratch(Situation situation, RevisionId revision) =>
        situation.Replicas.FirstOrDefault(replica => replica.Revision == revision && replica.Name.IsScratch);

    private static Step.Stop Stop(Situation situation, ReplicaStatus replica)
    {
        var number = Lookup(situation, replica.Revision)?.ToString() ?? replica.Revision.ToString();
        return new Step.Stop(replica.Name, replica.Name.IsScratch ? $"{number} on scratch state" : number);
    }

    /// <summary>The plan ends as its most impatient part.</summary>
    private static PlanEnd Soonest(IReadOnlyCollection<PlanEnd> ends)
    {
        if (ends.Contains(PlanEnd.PlanAgain)) return PlanEnd.PlanAgain;
        if (ends.Contains(PlanEnd.LookSoon)) return PlanEnd.LookSoon;
        return ends.Contains(PlanEnd.AwaitReplica) ? PlanEnd.AwaitReplica : PlanEnd.Settled;
    }
}
