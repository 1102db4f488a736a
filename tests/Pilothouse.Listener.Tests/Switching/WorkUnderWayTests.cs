using Pilothouse.Contracts.Deployments;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Revisions;
using Pilothouse.Listener.Tests.World;
using Pilothouse.Testing.Routing;
using Xunit;

namespace Pilothouse.Listener.Tests.Switching;

/// <summary>What is under way at a switch completes, and nobody waits for what does not end (T20, T23).</summary>
public sealed class WorkUnderWayTests : SwitchWorld
{
    [Fact]
    public void One_replica_is_exchanged_without_a_caller_noticing()
    {
        Serve();

        var next = Switch();

        AssertNothingLost();
        var proof = Proof(next);
        Assert.True(proof is { WasHeld: true, Refused: 0, Cut: 0, RunsUnderWayAtStop: 0 });
        Assert.Equal(proof.Held, proof.Moved);
        Assert.InRange(proof.LongestWaitMilliseconds, 0, 1000);
        Assert.Equal("2", World.Running());
    }

    [Fact]
    public void Run_under_way_completes_before_the_switch_while_nobody_is_held()
    {
        Serve();
        StartRun(First, "run-1");
        var next = World.Next(Wanted, 2);
        World.Run(TimeSpan.FromSeconds(10));
        Assert.Equal(RevisionStatus.Deploying, World.Control.Status(next.Id));
        Assert.False(World.Gateway.IsHeld(Deployment));

        EndRun(First, "run-1");
        World.UntilStatus(next, RevisionStatus.Deployed, TimeSpan.FromSeconds(3));

        AssertNothingLost();
        var proof = Proof(next);
        Assert.True(proof is { RunsUnderWayAtHold: 0, RunsUnderWayAtStop: 0 });
        Assert.InRange(proof.QuietWaitMilliseconds, 9_000, 13_000);
        Assert.InRange(proof.LongestWaitMilliseconds, 0, 1000);
    }

    [Fact]
    public void Run_that_begins_just_before_the_hold_completes_during_it()
    {
        Serve();
        World.Simulation.OnTick += () =>
        {
            // The first look finds nothing; the run is there when the callers are held.
            if (World.Gateway.IsHeld(Deployment) && !World.Agents.Runs.ContainsKey(First))
            {
                StartRun(First, "run-1");
                World.Simulation.Time.CreateTimer(_ => EndRun(First, "run-1"), null, TimeSpan.FromSeconds(1.5), Timeout.InfiniteTimeSpan);
            }
        };
        var call = Open();
        World.Simulation.Time.CreateTimer(_ => World.Gateway.End(call), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);

        var next = Switch();

        AssertNothingLost();
        Assert.Equal(FakeCallState.Ended, call.State);
        var proof = Proof(next);
        Assert.Equal(0, proof.RunsUnderWayAtStop);
        Assert.Equal(0, proof.HoldsLetGo);
        Assert.InRange(proof.DrainMilliseconds, 1_500, 1_600);
        Assert.InRange(proof.LongestWaitMilliseconds, 1_400, 1_600);
    }

    [Fact]
    public void Stream_of_a_minute_is_not_cut()
    {
        Use(("DrainLimit", "00:03:00"));
        Serve();
        var stream = Open();
        World.Simulation.Time.CreateTimer(_ => World.Gateway.End(stream), null, TimeSpan.FromMinutes(1), Timeout.InfiniteTimeSpan);

        var next = Switch();

        AssertNothingLost();
        Assert.Equal(FakeCallState.Ended, stream.State);
        Assert.Equal(0, Proof(next).Cut);
        AssertWasLetGoOnce(Proof(next));
    }

    [Fact]
    public void Run_that_turns_out_to_be_long_lets_the_held_callers_go()
    {
        Serve();
        World.Simulation.OnTick += () =>
        {
            if (World.Gateway.IsHeld(Deployment)) StartRun(First, "run-1");
        };
        World.Simulation.Time.CreateTimer(_ => EndRun(First, "run-1"), null, TimeSpan.FromSeconds(12), Timeout.InfiniteTimeSpan);
        // Keeps the first look of the hold from being the last.
        var call = Open();
        World.Simulation.Time.CreateTimer(_ => World.Gateway.End(call), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);

        var next = World.Next(Wanted, 2);
        World.Run(TimeSpan.FromSeconds(3));
        Assert.False(World.Gateway.IsHeld(Deployment));
        Assert.Equal(First, World.RouteOf(Wanted)!.Revision);
        World.UntilStatus(next, RevisionStatus.Deployed);

        AssertWasLetGoOnce(Proof(next));
        Assert.Equal(0, Proof(next).RunsUnderWayAtStop);
        Assert.InRange(Proof(next).QuietWaitMilliseconds, 9_000, 15_000);
        AssertNothingLost();
    }

    [Fact]
    public void Holds_that_meet_long_work_again_and_again_come_ever_more_seldom()
    {
        Use(("DrainLimit", "00:03:00"));
        Serve();
        var call = Open();
        // Young at each look, and long as soon as callers wait for it.
        World.Simulation.Time.CreateTimer(
            _ =>
            {
                if (World.Gateway.IsHeld(Deployment)) return;
                World.Gateway.End(call);
                call = Open();
            },
            state: null, TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(500));

        var next = Switch();

        // After 5, 10, 20, 40 and 80 seconds, each hold itself taking two.
        Assert.Equal(6, Proof(next).HoldsLetGo);
        Assert.Equal(0, Proof(next).Refused);
        Assert.InRange(Proof(next).LongestWaitMilliseconds, 1_900, 5_100);
    }

    [Fact]
    public void Run_that_does_not_end_is_given_the_drain_limit_and_no_caller_waits_for_it()
    {
        Serve();
        StartRun(First, "endless");

        var next = Switch();

        AssertNothingLost();
        var proof = Proof(next);
        Assert.True(proof is { RunsUnderWayAtHold: 1, RunsUnderWayAtStop: 1 });
        Assert.InRange(proof.QuietWaitMilliseconds, 20_000, 21_000);
        Assert.InRange(proof.LongestWaitMilliseconds, 0, 1000);
        Assert.Contains("1 runs under way, 1 at the stop", Event(ListenerEventKinds.Switched, next).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Idle_web_socket_holds_no_caller_and_is_counted_as_cut()
    {
        Serve();
        var socket = Open();

        var next = Switch();

        Assert.Equal(FakeCallState.Cut, socket.State);
        AssertNothingLost();
        var proof = Proof(next);
        Assert.Equal(1, proof.Cut);
        Assert.InRange(proof.QuietWaitMilliseconds, 19_000, 21_000);
        AssertWasLetGoOnce(proof);
    }

    [Fact]
    public void Idle_socket_that_was_opened_after_all_that_waiting_holds_callers_for_five_seconds_at_most()
    {
        Serve();
        World.Simulation.Time.CreateTimer(_ => Open(), null, TimeSpan.FromSeconds(0), TimeSpan.FromSeconds(3));

        var next = Switch();

        Assert.InRange(Proof(next).LongestWaitMilliseconds, 0, 5_100);
        Assert.Equal(0, Proof(next).Refused);
    }

    [Fact]
    public void Run_that_begins_during_the_hold_beside_an_idle_socket_is_still_waited_for()
    {
        Serve();
        Open();
        World.Simulation.OnTick += () =>
        {
            if (World.Gateway.IsHeld(Deployment) && !World.Agents.Runs.ContainsKey(First))
            {
                StartRun(First, "run-1");
                World.Simulation.Time.CreateTimer(_ => EndRun(First, "run-1"), null, TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);
            }
        };
        // Keeps the first look of the hold from being the last.
        World.Simulation.Time.CreateTimer(_ => StartRun(First, "endless"), null, TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);

        var next = Switch();

        AssertNothingLost();
        Assert.Equal(1, Proof(next).Cut);
        Assert.Equal(1, Proof(next).RunsUnderWayAtStop);
        Assert.DoesNotContain("run-1", World.Agents.Runs[First]);
    }

    [Theory]
    [InlineData("3", 3)]
    [InlineData("0", 0)]
    [InlineData("soon", 20)]
    [InlineData("-1", 20)]
    public void Serving_revision_says_how_long_its_runs_are_given(string text, int seconds)
    {
        Serve(World.Revision(1, environment: Grace(text)));
        StartRun(First, "endless");

        var next = Switch();

        Assert.InRange(Proof(next).QuietWaitMilliseconds, seconds * 1000, (seconds * 1000) + 600);
    }

    [Theory]
    [InlineData("7200", null, 3600)]
    [InlineData("5", "9", 5)]
    [InlineData(null, "9", 9)]
    [InlineData(null, null, 180)]
    public void Grace_of_secrets_wins_over_that_of_the_project_and_is_at_most_an_hour(string? secret, string? project, int seconds)
    {
        var revision = World.Revision(1, environment: Grace(secret), projectEnvironment: Grace(project));
        var runnable = World.Runnable(World.Deploy(revision), revision);

        Assert.Equal(TimeSpan.FromSeconds(seconds), runnable.DrainLimit(new ListenerOptions()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Server_that_cannot_say_what_is_under_way_is_exchanged_by_requests_alone(bool hasProbe)
    {
        World.Agents.IsProbeBroken = hasProbe;
        Serve(canTell: hasProbe);
        var stream = Open();
        World.Simulation.Time.CreateTimer(_ => World.Gateway.End(stream), null, TimeSpan.FromSeconds(10), Timeout.InfiniteTimeSpan);

        var next = Switch();

        AssertNothingLost();
        Assert.Equal(FakeCallState.Ended, stream.State);
        Assert.True(Proof(next) is { RunsUnderWayAtHold: null, RunsUnderWayAtStop: null });
        Assert.Contains("could not say", Event(ListenerEventKinds.Switched, next).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void On_a_database_both_run_until_the_old_one_has_finished_and_nobody_is_held()
    {
        Serve(StateLocation.Database);
        StartRun(First, "run-1");
        var stream = Open();
        var next = World.Next(Wanted, 2, StateLocation.Database);
        World.UntilStatus(next, RevisionStatus.Deployed);
        World.Run(TimeSpan.FromSeconds(5));
        Assert.Equal("1 2", World.Running());

        EndRun(First, "run-1");
        World.Run(TimeSpan.FromSeconds(5));
        Assert.Equal("1 2", World.Running());
        World.Gateway.End(stream);
        World.Run(TimeSpan.FromSeconds(5));

        Assert.Equal("2", World.Running());
        Assert.False(Proof(next).WasHeld);
        Assert.Empty(Callers.Lost);
    }

    [Fact]
    public void On_a_database_the_old_one_is_stopped_when_its_time_is_over()
    {
        Serve(StateLocation.Database);
        StartRun(First, "endless");
        var next = World.Next(Wanted, 2, StateLocation.Database);
        World.UntilStatus(next, RevisionStatus.Deployed);

        World.Run(TimeSpan.FromSeconds(18));
        Assert.Equal("1 2", World.Running());
        World.Run(TimeSpan.FromSeconds(3));

        Assert.Equal("2", World.Running());
    }

    [Fact]
    public void Proof_agrees_with_what_callers_saw()
    {
        Serve();
        World.Agents.StopTakes = TimeSpan.FromSeconds(2);

        var next = Switch();

        AssertNothingLost();
        var proof = Proof(next);
        Assert.InRange(proof.StopMilliseconds, 2000, 2100);
        // One call each 50 ms for as long as callers were held.
        Assert.InRange(proof.Held, proof.HoldMilliseconds / 50, (proof.HoldMilliseconds / 50) + 1);
        Assert.Equal((proof.Held, 0), (proof.Moved, proof.Refused));
        Assert.InRange(proof.LongestWaitMilliseconds, proof.HoldMilliseconds - 50, proof.HoldMilliseconds);
    }

    /// <summary>What is two seconds old is long; nobody waits for it more than once.</summary>
    private static void AssertWasLetGoOnce(SwitchProof proof)
    {
        Assert.Equal(1, proof.HoldsLetGo);
        Assert.InRange(proof.LongestWaitMilliseconds, 1_900, 2_100);
        Assert.Equal((proof.Held, 0), (proof.Moved, proof.Refused));
    }

    private static Dictionary<string, string> Grace(string? seconds)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        if (seconds is not null) environment["BG_JOB_SHUTDOWN_GRACE_PERIOD_SECS"] = seconds;
        return environment;
    }
}
