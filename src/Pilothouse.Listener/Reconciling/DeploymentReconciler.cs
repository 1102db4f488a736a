using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Pilothouse.Core;
using Pilothouse.Core.Reconciling;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Pulling;
using Pilothouse.Listener.Replicas;
using Pilothouse.Listener.Reporting;

namespace Pilothouse.Listener.Reconciling;

/// <summary>Gather, plan, execute, report: makes one deployment as it is wanted.</summary>
internal sealed class DeploymentReconciler(
    WantedDeployments wanted, IRuntime runtime, SituationReader reader, StepRunner steps, SwitchSteps switches, RevisionEvents events,
    ILogger<DeploymentReconciler> logger) : IReconciler<DeploymentId>
{
    /// <summary>Longer chains of plans than this mean that a step does not do what the planner thinks.</summary>
    private const int MostRounds = 30;

    /// <summary>Work under way ends without a signal; part of how long a switch takes.</summary>
    private static readonly TimeSpan s_soon = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan s_anyway = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<DeploymentId, DeploymentMemory> _memories = new();

    public Task<IReadOnlyList<DeploymentId>> AllKeysAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<DeploymentId>>(
            wanted.IsLoaded ? [.. wanted.Keys.Union(runtime.List().Select(replica => replica.Deployment))] : []);

    public async Task<Reconciled> ReconcileAsync(DeploymentId key, CancellationToken cancellationToken)
    {
        if (!wanted.IsLoaded) return Reconciled.Settled.Instance;
        using var scope = logger.DeploymentScope(key);
        var memory = _memories.GetOrAdd(key, _ => new DeploymentMemory());

        var pass = new Pass(key, memory);
        for (var round = 0; round < MostRounds; round++)
        {
            var situation = reader.Read(key, memory, pass.Quiet);
            pass.Generation = situation.Generation;
            Tell(key, situation, memory);
            var plan = DeploymentPlanner.Plan(situation);
            var quietBefore = pass.Quiet.Count;
            foreach (var step in plan.Steps) await steps.RunAsync(step, pass, cancellationToken);

            if (plan.End == PlanEnd.PlanAgain || pass.Quiet.Count > quietBefore) continue;
            if (!situation.IsWanted) _memories.TryRemove(key, out _);
            steps.Tidy(key);
            return End(plan.End, memory);
        }

        return new Reconciled.Again(s_anyway, "the plan did not come to an end");
    }

    private Reconciled End(PlanEnd end, DeploymentMemory memory)
    {
        switches.LookLater(memory);
        return end switch
        {
            PlanEnd.LookSoon => new Reconciled.Again(s_soon, "work is under way"),
            PlanEnd.AwaitReplica => new Reconciled.Again(s_anyway, "a replica is starting"),
            _ => Reconciled.Settled.Instance,
        };
    }

    /// <summary>What is told of a situation whatever is planned.</summary>
    private void Tell(DeploymentId deployment, Situation situation, DeploymentMemory memory)
    {
        if (situation.LastSwitch is { IsUnfinished: false } last && memory.ProofOf != last.To)
        {
            memory.ProofOf = last.To;
            events.Switched(deployment, last);
        }

        var serving = DeploymentPlanner.Home(situation)?.Id;
        var main = situation.Replicas.FirstOrDefault(replica => replica.Revision == serving && !replica.Name.IsScratch);
        if (main is { Phase: ReplicaPhase.Ready } && memory.IsFailingTold)
        {
            memory.IsFailingTold = false;
            events.Recovered(memory.Runnable[main.Revision], main.Since);
        }

        if (main is not { Phase: ReplicaPhase.CrashLooping } || memory.IsFailingTold) return;
        memory.IsFailingTold = true;
        var revision = memory.Runnable[main.Revision];
        events.Failing(revision, FailureText.Ended(revision, main), FailureText.Facts(revision, main), main.LastExit?.At ?? main.Since);
    }
}
