using Pilothouse.Core;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Reconciling;
using Pilothouse.Listener.Reporting;
using Pilothouse.Listener.Switching;
using Xunit;

namespace Pilothouse.Listener.Tests.Reconciling;

/// <summary>What no plan may do, in every situation that can be put together.</summary>
public sealed class PlannerSafetyTests
{
    private static readonly ReplicaPhase?[] s_phases =
        [null, ReplicaPhase.Starting, ReplicaPhase.Ready, ReplicaPhase.BackingOff, ReplicaPhase.CrashLooping];

    [Fact]
    public void No_plan_puts_two_replicas_on_the_same_files()
    {
        var checks = 0;
        foreach (var situation in Situations(StateLocation.Files))
        {
            var running = situation.Replicas.Where(replica => !replica.Name.IsScratch).Select(replica => replica.Revision).ToHashSet();
            foreach (var step in DeploymentPlanner.Plan(situation).Steps)
            {
                if (step is Step.Stop stop) running.RemoveWhere(id => stop.Replica == NameOf(situation, id));
                if (step is not Step.Start { IsScratch: false } start) continue;
                if (!(running.Count == 0 || running.SetEquals([start.Revision.Id]))) Assert.Fail(Describe(situation));
                checks++;
            }
        }

        Assert.True(checks > 100, $"Only {checks} starts were seen.");
    }

    [Theory]
    [InlineData(StateLocation.Files)]
    [InlineData(StateLocation.Database)]
    public void No_plan_ends_what_serves_callers_but_by_a_switch(StateLocation state)
    {
        foreach (var situation in Situations(state))
        {
            if (situation is { IsDeleted: true } or { IsWanted: false } or { LastSwitch.IsUnfinished: true }) continue;
            var home = DeploymentPlanner.Home(situation);
            if (home is null) continue;
            var stopped = DeploymentPlanner.Plan(situation).Steps.OfType<Step.Stop>();
            if (!(stopped.All(stop => stop.Replica != NameOf(situation, home.Id)))) Assert.Fail(Describe(situation));
        }
    }

    [Theory]
    [InlineData(StateLocation.Files)]
    [InlineData(StateLocation.Database)]
    public void No_plan_claims_that_a_revision_is_deployed_unless_callers_are_with_it_and_it_is_ready(StateLocation state)
    {
        foreach (var situation in Situations(state))
        {
            var plan = DeploymentPlanner.Plan(situation);
            if (!plan.Steps.OfType<Step.Claim>().Any(claim => claim.Phase == ClaimPhase.Deployed)) continue;
            var published = plan.Steps.OfType<Step.Publish>().LastOrDefault();
            var (revision, endpoints) = published is null
                ? (situation.Route!.Revision, situation.Route.Endpoints)
                : (published.Revision.Id, published.Endpoints);
            if (!(revision == situation.Next!.Id && endpoints.Count == 1)) Assert.Fail(Describe(situation));
        }
    }

    private static IEnumerable<Situation> Situations(StateLocation state)
    {
        var scene = new Scene(state);
        var known = new Dictionary<RevisionId, PlannedRevision> { [Scene.Id(1)] = scene.Revision(1), [Scene.Id(2)] = scene.Revision(2) };
        SwitchRecord?[] switches = [null, .. Enum.GetValues<SwitchStage>().Select(stage => Scene.Switch(1, 2, stage))];
        foreach (var active in (PlannedRevision?[])[null, scene.Revision(1)])
            foreach (var next in (PlannedRevision?[])[null, scene.Revision(2)])
                foreach (var one in s_phases)
                    foreach (var two in s_phases)
                        foreach (var scratch in (ReplicaPhase?[])[null, ReplicaPhase.Starting, ReplicaPhase.Ready, ReplicaPhase.Ended])
                            foreach (var route in (int[])[0, 1, 2])
                                foreach (var last in switches)
                                    foreach (var flags in Enumerable.Range(0, 16))
                                    {
                                        ReplicaStatus?[] replicas =
                                        [
                                            one is { } first ? Scene.Real(1, first) : null,
                two is { } second ? Scene.Real(2, second) : null,
                scratch is { } third ? Scene.Scratch(2, third) : null,
            ];
                                        yield return new Situation
                                        {
                                            Active = active,
                                            Next = next,
                                            Known = known,
                                            Replicas = [.. replicas.OfType<ReplicaStatus>()],
                                            Route = route == 0 ? null : Scene.RouteTo(route),
                                            LastSwitch = last,
                                            Failed = (flags & 1) == 0 ? [] : Scene.Ids(2),
                                            Proven = (flags & 2) == 0 ? [] : Scene.Ids(2),
                                            Quiet = (flags & 4) == 0 ? [] : Scene.Ids(1),
                                            Repeats = (flags & 8) == 0 ? [] : Scene.Ids(2),
                                        };
                                    }
    }

    private static ReplicaName? NameOf(Situation situation, RevisionId revision) =>
        situation.Replicas.FirstOrDefault(replica => replica.Revision == revision && !replica.Name.IsScratch)?.Name;

    private static string Describe(Situation situation) =>
        $"{situation with { Known = new Dictionary<RevisionId, PlannedRevision>() }}\n"
        + $"{string.Join('\n', situation.Replicas)}\n{DeploymentPlanner.Plan(situation).ToText()}";
}
