using Pilothouse.Contracts.Deployments;
using Pilothouse.Core.Revisions;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Tests.World;
using Pilothouse.Testing.Runtimes;
using Xunit;

namespace Pilothouse.Listener.Tests.Switching;

/// <summary>Whatever goes wrong while callers are held: the old revision comes back with its state, and nobody is refused.</summary>
public sealed class SwitchBackTests : SwitchWorld
{
    [Fact]
    public void Revision_that_fails_on_the_real_state_gives_it_back_as_it_was()
    {
        Serve();
        World.Behaviour = OnRealState(FakeBehaviour.Exits);
        World.OnFirstTouch(2, state =>
        {
            File.WriteAllText(Path.Combine(state, "threads.txt"), "");
            File.WriteAllText(Path.Combine(state, "junk"), "junk");
        });

        var next = Switch(RevisionStatus.DeployFailed);

        AssertServesAgain();
        Assert.False(File.Exists(Path.Combine(State, "junk")));
        Assert.Contains("keeps ending: exit code 1; health probe GET /ok never answered 2xx", LastMessage(next), StringComparison.Ordinal);
        Assert.Contains("Its last lines: started", LastMessage(next), StringComparison.Ordinal);
        Assert.EndsWith("Revision 1 serves again, its state put back from the copy.", LastMessage(next), StringComparison.Ordinal);
        var proof = Read(Event(ListenerEventKinds.SwitchedBack, next));
        Assert.Equal((proof.Held, 0, 0), (proof.Moved, proof.Refused, proof.Cut));
        Event(ListenerEventKinds.StateRestored, next);
        Assert.DoesNotContain(World.Control.Events, happened => happened.Kind == ListenerEventKinds.Switched);
    }

    [Fact]
    public void Folder_that_was_empty_is_empty_again()
    {
        Serve();
        World.Behaviour = OnRealState(FakeBehaviour.Exits);
        Callers.Dispose();
        World.Run(TimeSpan.FromSeconds(1));
        File.Delete(Path.Combine(State, "threads.txt"));
        World.OnFirstTouch(2, state => File.WriteAllText(Path.Combine(state, "junk"), "junk"));

        Switch(RevisionStatus.DeployFailed);

        Assert.Equal("1", World.Running());
        Assert.Empty(Directory.EnumerateFileSystemEntries(State));
    }

    [Fact]
    public void Revision_that_is_not_ready_in_time_on_the_real_state_makes_way_again()
    {
        Serve();
        World.Behaviour = OnRealState(FakeBehaviour.Starting);

        var next = Switch(RevisionStatus.DeployFailed);

        AssertServesAgain();
        Assert.Contains(
            "Revision 2 was not ready on its real state within 60 s: health probe GET /ok did not answer 2xx.",
            LastMessage(next),
            StringComparison.Ordinal);
        Assert.InRange(Read(Event(ListenerEventKinds.SwitchedBack, next)).LongestWaitMilliseconds, 60_000, 61_000);
    }

    [Fact]
    public void Revision_that_cannot_be_started_for_a_moment_is_tried_again_while_callers_wait()
    {
        Serve();
        var refusals = 2;
        World.BeforeStart = spec =>
        {
            if (!spec.IsScratch && spec.Name == ListenerWorld.Real(Wanted, 2) && refusals-- > 0) throw new RuntimeUnavailableException("Busy.");
        };

        var next = Switch();

        AssertNothingLost();
        Assert.Equal(0, Proof(next).Refused);
    }

    [Fact]
    public void Revision_that_cannot_be_started_at_all_leaves_the_old_one_serving()
    {
        Serve();
        World.BeforeStart = spec =>
        {
            if (!spec.IsScratch && spec.Name == ListenerWorld.Real(Wanted, 2)) throw new RuntimeUnavailableException("No room.");
        };

        var next = Switch(RevisionStatus.DeployFailed);

        AssertServesAgain();
        Assert.StartsWith("Revision 2 could not be started: No room.", LastMessage(next), StringComparison.Ordinal);
    }

    [Fact]
    public void Old_one_that_cannot_be_stopped_goes_on_serving()
    {
        Serve();
        World.Agents.OnStop = name =>
        {
            if (name == ListenerWorld.Real(Wanted, 1)) throw new RuntimeUnavailableException("The kernel holds it.");
        };

        var next = Switch(RevisionStatus.DeployFailed);

        AssertServesAgain();
        Assert.StartsWith("Revision 1 could not be stopped: The kernel holds it.", LastMessage(next), StringComparison.Ordinal);
    }

    [Fact]
    public void Disk_that_is_full_when_the_state_is_copied_leaves_the_old_one_serving()
    {
        Serve();
        World.Agents.OnStop = name =>
        {
            if (name != ListenerWorld.Real(Wanted, 1)) return;
            // No copy can be made where a file of its name is.
            Directory.CreateDirectory(World.CopiesOf(Wanted));
            File.WriteAllText(Path.Combine(World.CopiesOf(Wanted), $"{World.Simulation.Time.GetUtcNow():yyyyMMdd'T'HHmmssfff'Z'}-1-to-2.partial"), "");
        };

        var next = Switch(RevisionStatus.DeployFailed);

        AssertServesAgain();
        Assert.StartsWith("Revision 2 was not switched to: the state could not be copied first (is the disk full?).", LastMessage(next), StringComparison.Ordinal);
    }

    [Fact]
    public void Disk_that_is_full_before_the_switch_stops_nothing()
    {
        Serve();
        BlockJournal();
        var process = World.Runtime.Find(ListenerWorld.Real(Wanted, 1))!.ProcessId;

        var next = Switch(RevisionStatus.DeployFailed);

        AssertServesAgain();
        Assert.Equal(process, World.Runtime.Find(ListenerWorld.Real(Wanted, 1))!.ProcessId);
        Assert.Contains("(is the disk full?)", LastMessage(next), StringComparison.Ordinal);
    }

    [Fact]
    public void Disk_that_is_full_when_callers_would_be_let_through_gives_them_back()
    {
        Serve();
        World.OnFirstTouch(2, _ => BlockJournal());

        var next = Switch(RevisionStatus.DeployFailed);

        AssertServesAgain();
        Assert.Contains("(is the disk full?)", LastMessage(next), StringComparison.Ordinal);
    }

    [Fact]
    public void Old_one_that_does_not_come_back_at_once_is_brought_back_by_the_loop()
    {
        Serve();
        World.Behaviour = spec => spec.IsScratch ? FakeBehaviour.Ready
            : spec.Name == ListenerWorld.Real(Wanted, 2) ? FakeBehaviour.Exits : FakeBehaviour.Starting;

        var next = World.Next(Wanted, 2);
        World.UntilStatus(next, RevisionStatus.DeployFailed);
        Assert.Contains("Revision 1 did not come back at once either", LastMessage(next), StringComparison.Ordinal);
        Assert.Empty(World.RouteOf(Wanted)!.Endpoints);
        World.Runtime.MakeReady(ListenerWorld.Real(Wanted, 1));
        World.Run(TimeSpan.FromSeconds(1));

        Assert.Equal(First, World.RouteOf(Wanted)!.Revision);
        Assert.Single(World.RouteOf(Wanted)!.Endpoints);
        Assert.Empty(Callers.Answered.Except(FakeAgents.Threads(State)));
    }

    [Fact]
    public void Revision_that_keeps_ending_before_the_control_plane_heard_of_it_makes_way_again()
    {
        Serve();
        World.Agents.StopTakes = TimeSpan.FromMilliseconds(100);
        World.Simulation.OnTick += () =>
        {
            if (World.Gateway.IsHeld(Deployment)) World.Control.IsAway = true;
        };
        var next = World.Next(Wanted, 2);
        World.Until(() => World.Running() == "2", "revision 2 serves");
        World.Run(TimeSpan.FromSeconds(5));
        Assert.Equal(RevisionStatus.Deploying, World.Control.Status(next.Id));

        World.Runtime.CrashLoop(ListenerWorld.Real(Wanted, 2));
        World.Until(() => World.Running() == "1", "revision 1 serves again");
        World.Control.IsAway = false;
        World.UntilStatus(next, RevisionStatus.DeployFailed);

        Assert.Equal(First, World.RouteOf(Wanted)!.Revision);
        Assert.Empty(Callers.Answered.Except(FakeAgents.Threads(State)));
    }

    private Func<ReplicaSpec, FakeBehaviour> OnRealState(FakeBehaviour behaviour) =>
        spec => spec.Name == ListenerWorld.Real(Wanted, 2) ? behaviour : FakeBehaviour.Ready;

    /// <summary>The journal is written beside itself first; that name is taken.</summary>
    private void BlockJournal() => Directory.CreateDirectory(Path.Combine(World.CopiesOf(Wanted), "switch.json.new"));

    private void AssertServesAgain()
    {
        Assert.Equal("1", World.Running());
        Assert.Equal(First, World.RouteOf(Wanted)!.Revision);
        Assert.Single(World.RouteOf(Wanted)!.Endpoints);
        AssertNothingLost();
    }
}
