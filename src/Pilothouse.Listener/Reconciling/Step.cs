using Pilothouse.Core;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Reporting;
using Pilothouse.Listener.Switching;

namespace Pilothouse.Listener.Reconciling;

/// <summary>One act of a plan. Each may run twice; the text is what golden tests and logs show.</summary>
internal abstract record Step
{
    private Step()
    {
    }

    public sealed record RemoveRoute : Step
    {
        public override string ToString() => "remove route";
    }

    /// <param name="Endpoints">None: callers get 503 with Retry-After until there is one.</param>
    public sealed record Publish(PlannedRevision Revision, IReadOnlyList<Uri> Endpoints) : Step
    {
        public override string ToString() => $"publish {Revision} at {(Endpoints.Count == 0 ? "nothing" : string.Join(", ", Endpoints))}";
    }

    public sealed record Start(PlannedRevision Revision, bool IsScratch) : Step
    {
        public override string ToString() => $"start {Revision}{(IsScratch ? " on scratch state" : "")}";
    }

    public sealed record Stop(ReplicaName Replica, string Label) : Step
    {
        public override string ToString() => $"stop {Label}";
    }

    /// <summary>It became ready on scratch state, or is what serves already.</summary>
    /// <param name="By">The serving revision that it repeats; null when it was tried itself.</param>
    public sealed record MarkProven(PlannedRevision Revision, ReplicaStatus Seen, PlannedRevision? By) : Step
    {
        public override string ToString() => $"mark {Revision} as proven{(By is null ? "" : $" by {By}, which it repeats")}";
    }

    public sealed record Fail(PlannedRevision Revision, ReplicaStatus Seen) : Step
    {
        public override string ToString() => $"fail {Revision}: {Seen.LastExit?.Reason ?? Seen.Phase.ToString()}";
    }

    /// <summary>Looks whether the replica may be held: nothing long is under way, or it had its time.</summary>
    public sealed record AwaitQuiet(PlannedRevision Revision, RevisionId Target) : Step
    {
        public override string ToString() => $"wait until {Revision} is quiet";
    }

    /// <summary>Looks whether a replica that gets no callers any more has finished.</summary>
    public sealed record AwaitDrained(PlannedRevision Revision) : Step
    {
        public override string ToString() => $"wait until {Revision} has drained";
    }

    /// <summary>Hold, drain, stop the old, start the new on the same files, release; or all the way back.</summary>
    public sealed record SwitchHeld(PlannedRevision From, PlannedRevision To) : Step
    {
        public override string ToString() => $"switch {From} to {To}, callers held";
    }

    /// <summary>Both run; callers go to the new one from now on.</summary>
    public sealed record SwitchBeside(PlannedRevision? From, PlannedRevision To, ReplicaStatus Seen) : Step
    {
        public override string ToString() => From is null ? $"open {To} at {Seen.Endpoint}" : $"switch {From} to {To} at {Seen.Endpoint}";
    }

    /// <summary>A switch was cut off: put the state back if the new revision may have touched it.</summary>
    public sealed record Recover(SwitchRecord Record) : Step
    {
        public override string ToString() => $"recover from the switch {Record.FromNumber} to {Record.ToNumber}, cut off while {Word(Record.Stage)}";

        private static string Word(SwitchStage stage) => stage == SwitchStage.Stopping ? "stopping" : "starting";
    }

    public sealed record RemoveFiles : Step
    {
        public override string ToString() => "remove state and copies";
    }

    public sealed record Claim(PlannedRevision? Revision, ClaimPhase Phase) : Step
    {
        public override string ToString() => $"claim {(Revision is null ? "" : $"{Revision} ")}{Phase.ToText()}";
    }
}

/// <summary>When to look again.</summary>
internal enum PlanEnd
{
    /// <summary>On a signal or at the next resync.</summary>
    Settled,

    /// <summary>At once: a step changed what the plan rests on.</summary>
    PlanAgain,

    /// <summary>Soon: work under way ends without a signal.</summary>
    LookSoon,

    /// <summary>On a signal, and after a few seconds anyway.</summary>
    AwaitReplica,
}

internal sealed record Plan(IReadOnlyList<Step> Steps, PlanEnd End)
{
    /// <summary>One step a line, then how it ends.</summary>
    public string ToText() => string.Concat(Steps.Select(step => $"{step}\n")) + End switch
    {
        PlanEnd.Settled => "settled\n",
        PlanEnd.PlanAgain => "plan again\n",
        PlanEnd.LookSoon => "look again soon\n",
        _ => "await the replica\n",
    };
}
