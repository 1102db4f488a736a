using Pilothouse.Core.Launching;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Switching;
using Pilothouse.Testing;
using Xunit;
using static Pilothouse.Listener.Tests.Reconciling.Scene;

namespace Pilothouse.Listener.Tests.Reconciling;

/// <summary>Each golden file is a story: what is planned in one situation after the other.</summary>
public sealed class DeploymentPlannerTests
{
    [Fact]
    public void First_revision()
    {
        var scene = new Scene();
        var wanted = scene.Empty with { Next = scene.Revision(1) };
        var open = wanted with { Replicas = [Real(1)], Route = RouteTo(1) };

        Golden.Matches("first-revision", scene
            .Then("wanted, nothing runs", wanted)
            .Then("it starts", wanted with { Replicas = [Real(1, ReplicaPhase.Starting)] })
            .Then("it is late", wanted with { Replicas = [Real(1, ReplicaPhase.Starting, isLate: true)] })
            .Then("it was late and is ready", wanted with { Replicas = [Real(1, isLate: true)] })
            .Then("it ended once", wanted with { Replicas = [Real(1, ReplicaPhase.BackingOff, exit: "exit code 1")] })
            .Then("it keeps ending", wanted with { Replicas = [Real(1, ReplicaPhase.CrashLooping, exit: "exit code 1")] })
            .Then("it was failed", wanted with { Replicas = [Real(1, ReplicaPhase.CrashLooping, exit: "exit code 1")], Failed = Ids(1) })
            .Then("it was failed and stopped", wanted with { Failed = Ids(1) })
            .Then("it is ready", wanted with { Replicas = [Real(1)] })
            .Then("callers are with it", open)
            .Then("it keeps ending before it was accepted", open with { Replicas = [Real(1, ReplicaPhase.CrashLooping, exit: "exit code 1")] })
            .Then("it keeps ending after it was accepted", open with
            {
                Replicas = [Real(1, ReplicaPhase.CrashLooping, exit: "exit code 1")],
                IsNextAccepted = true,
            })
            .Then("the control plane calls it active", scene.Serving(1))
            .ToText());
    }

    [Fact]
    public void Serving_revision()
    {
        var scene = new Scene();
        var serving = scene.Serving(1);

        Golden.Matches("serving-revision", scene
            .Then("all is well", serving)
            .Then("after a restart of the listener", scene.Empty with { Active = scene.Revision(1) })
            .Then("its replica is starting", scene.Empty with
            {
                Active = scene.Revision(1),
                Replicas = [Real(1, ReplicaPhase.Starting)],
                Route = RouteTo(1, isOpen: false),
            })
            .Then("its replica is ready again", serving with { Route = RouteTo(1, isOpen: false) })
            .Then("its replica ended", serving with { Replicas = [Real(1, ReplicaPhase.BackingOff, exit: "signal SIGKILL")] })
            .Then("its replica keeps ending", serving with
            {
                Replicas = [Real(1, ReplicaPhase.CrashLooping, exit: "signal SIGKILL")],
                Route = RouteTo(1, isOpen: false),
            })
            .Then("its replica vanished", serving with { Replicas = [] })
            .Then("something else runs on its state", serving with { Replicas = [Real(1), Real(7)] })
            .ToText());
    }

    [Fact]
    public void Redeploy_on_files()
    {
        var scene = new Scene();
        var wanted = scene.Serving(1) with { Next = scene.Revision(2) };
        var proven = wanted with { Proven = Ids(2) };
        var moved = wanted with
        {
            Replicas = [Real(2)],
            Route = RouteTo(2),
            LastSwitch = Switch(1, 2, SwitchStage.Released),
            Known = new Dictionary<Core.RevisionId, Listener.Reconciling.PlannedRevision> { [Id(2)] = scene.Revision(2) },
        };

        Golden.Matches("redeploy-on-files", scene
            .Then("wanted", wanted)
            .Then("tried on scratch state", wanted with { Replicas = [Real(1), Scratch(2, ReplicaPhase.Starting)] })
            .Then("late on scratch state", wanted with { Replicas = [Real(1), Scratch(2, ReplicaPhase.Starting, isLate: true)] })
            .Then("late and then ready on scratch state", wanted with { Replicas = [Real(1), Scratch(2, isLate: true)] })
            .Then("ready on scratch state", wanted with { Replicas = [Real(1), Scratch(2)] })
            .Then("proven, its scratch replica still there", proven with { Replicas = [Real(1), Scratch(2)] })
            .Then("proven", proven)
            .Then("the old one is quiet", proven with { Quiet = Ids(1) })
            .Then("the old one has ended", proven with { Replicas = [Real(1, ReplicaPhase.BackingOff, exit: "signal SIGSEGV")] })
            .Then("the old one is starting", proven with { Replicas = [Real(1, ReplicaPhase.Starting)] })
            .Then("the old one is late", proven with { Replicas = [Real(1, ReplicaPhase.Starting, isLate: true)] })
            .Then("the old one keeps ending", proven with { Replicas = [Real(1, ReplicaPhase.CrashLooping, exit: "exit code 1")] })
            .Then("callers are with it", moved)
            .Then("it keeps ending before it was accepted", moved with
            {
                Replicas = [Real(2, ReplicaPhase.CrashLooping, exit: "exit code 1")],
            })
            .Then("it was failed after callers were with it: back, on the state as it is", moved with
            {
                Replicas = [Real(2, ReplicaPhase.CrashLooping, exit: "exit code 1")],
                Failed = Ids(2),
                Proven = Ids(1),
            })
            .Then("the control plane calls it active", scene.Serving(2) with { LastSwitch = Switch(1, 2, SwitchStage.Released) })
            .ToText());
    }

    [Fact]
    public void Redeploy_that_fails_on_files()
    {
        var scene = new Scene();
        var wanted = scene.Serving(1) with { Next = scene.Revision(2) };

        Golden.Matches("redeploy-that-fails-on-files", scene
            .Then("it ended on scratch state", wanted with { Replicas = [Real(1), Scratch(2, ReplicaPhase.Ended, exit: "exit code 3")] })
            .Then("it was failed", wanted with { Replicas = [Real(1), Scratch(2, ReplicaPhase.Ended, exit: "exit code 3")], Failed = Ids(2) })
            .Then("the switch was undone", wanted with { Failed = Ids(2), Proven = Ids(2) })
            .Then("the switch was undone and the old one is still starting", wanted with
            {
                Failed = Ids(2),
                Replicas = [Real(1, ReplicaPhase.Starting)],
                Route = RouteTo(1, isOpen: false),
            })
            .Then("the control plane has taken the failure", scene.Serving(1))
            .ToText());
    }

    [Fact]
    public void Redeploy_of_what_serves_already()
    {
        var scene = new Scene();
        var repeated = scene.Serving(1) with { Next = scene.Revision(2), Repeats = Ids(2) };

        Golden.Matches("redeploy-of-what-serves-already", scene
            .Then("wanted", repeated)
            .Then("the serving one has ended", repeated with { Replicas = [Real(1, ReplicaPhase.BackingOff, exit: "exit code 1")] })
            .Then("callers are elsewhere", repeated with { Route = RouteTo(3) })
            .Then("proven", repeated with { Proven = Ids(2) })
            .ToText());
    }

    [Fact]
    public void Redeploy_on_a_database()
    {
        var scene = new Scene(StateLocation.Database);
        var wanted = scene.Serving(1) with { Next = scene.Revision(2) };
        var moved = wanted with { Replicas = [Real(1), Real(2)], Route = RouteTo(2) };

        Golden.Matches("redeploy-on-a-database", scene
            .Then("wanted", wanted)
            .Then("it starts beside the old one", wanted with { Replicas = [Real(1), Real(2, ReplicaPhase.Starting)] })
            .Then("it keeps ending", wanted with { Replicas = [Real(1), Real(2, ReplicaPhase.CrashLooping, exit: "exit code 1")] })
            .Then("it was failed", wanted with { Replicas = [Real(1), Real(2, ReplicaPhase.CrashLooping, exit: "exit code 1")], Failed = Ids(2) })
            .Then("it is ready", wanted with { Replicas = [Real(1), Real(2)] })
            .Then("callers are with it, the old one works", moved)
            .Then("the old one has drained", moved with { Quiet = Ids(1) })
            .Then("the old one has ended by itself", moved with { Replicas = [Real(1, ReplicaPhase.BackingOff, exit: "exit code 0"), Real(2)] })
            .Then("only it runs", moved with { Replicas = [Real(2)] })
            .Then("the project changes to files", wanted with { Next = scene.Revision(2, StateLocation.Files) })
            .ToText());
    }

    [Fact]
    public void Newer_revision()
    {
        var scene = new Scene();
        var wanted = scene.Serving(1) with { Next = scene.Revision(3) };
        var known = new Dictionary<Core.RevisionId, Listener.Reconciling.PlannedRevision> { [Id(2)] = scene.Revision(2) };

        Golden.Matches("newer-revision", scene
            .Then("while one is tried on scratch state", wanted with { Replicas = [Real(1), Scratch(2, ReplicaPhase.Starting)], Known = known })
            .Then("while one is late on scratch state", wanted with { Replicas = [Real(1), Scratch(2, ReplicaPhase.Starting, isLate: true)], Known = known })
            .Then("after a switch that the control plane has not heard of", wanted with
            {
                Replicas = [Real(2)],
                Route = RouteTo(2),
                Known = known,
                LastSwitch = Switch(1, 2, SwitchStage.Released),
            })
            .Then("while the active one keeps ending", wanted with
            {
                Replicas = [Real(1, ReplicaPhase.CrashLooping, exit: "exit code 1")],
                Route = RouteTo(1, isOpen: false),
            })
            .Then("proven, while the active one keeps ending", wanted with
            {
                Replicas = [Real(1, ReplicaPhase.CrashLooping, exit: "exit code 1")],
                Route = RouteTo(1, isOpen: false),
                Proven = Ids(3),
            })
            .Then("the one in flight is interrupted", scene.Serving(1) with { Replicas = [Real(1), Scratch(2, ReplicaPhase.Starting)], Known = known })
            .Then("the first one is interrupted before it served", scene.Empty with { Replicas = [Real(1, ReplicaPhase.Starting)], Known = known })
            .ToText());
    }

    [Fact]
    public void Rollback_to_an_old_revision()
    {
        // A rollback is a new revision with the old artifact: nothing of the old one runs.
        var scene = new Scene();
        var wanted = scene.Serving(2) with { Next = scene.Revision(3), LastSwitch = Switch(1, 2, SwitchStage.Released) };

        Golden.Matches("rollback", scene
            .Then("wanted", wanted)
            .Then("proven and quiet", wanted with { Proven = Ids(3), Quiet = Ids(2) })
            .ToText());
    }

    [Fact]
    public void Switch_that_was_cut_off()
    {
        var scene = new Scene();
        var wanted = scene.Empty with { Active = scene.Revision(1), Next = scene.Revision(2) };

        Golden.Matches("switch-cut-off", scene
            .Then("while stopping", wanted with { LastSwitch = Switch(1, 2, SwitchStage.Stopping) })
            .Then("while stopping, the old one still there", wanted with
            {
                LastSwitch = Switch(1, 2, SwitchStage.Stopping),
                Replicas = [Real(1)],
                Route = RouteTo(1),
            })
            .Then("while starting", wanted with { LastSwitch = Switch(1, 2, SwitchStage.Starting) })
            .Then("while starting, the new one still there", wanted with
            {
                LastSwitch = Switch(1, 2, SwitchStage.Starting),
                Replicas = [Real(2)],
                Route = RouteTo(1),
            })
            .Then("while starting, and deleted", wanted with
            {
                LastSwitch = Switch(1, 2, SwitchStage.Starting),
                Replicas = [Real(2)],
                Route = RouteTo(1),
                IsDeleted = true,
            })
            .Then("after callers were let through", wanted with { LastSwitch = Switch(1, 2, SwitchStage.Released) })
            .Then("after callers were let through, running", wanted with
            {
                LastSwitch = Switch(1, 2, SwitchStage.Released),
                Replicas = [Real(2)],
                Route = RouteTo(2),
            })
            .Then("after callers were let through, and the new one is wanted no more", scene.Empty with
            {
                Active = scene.Revision(1),
                LastSwitch = Switch(1, 2, SwitchStage.Released),
            })
            .ToText());
    }

    [Fact]
    public void Leaving()
    {
        var scene = new Scene();
        var all = scene.Serving(1) with { Next = scene.Revision(2), Replicas = [Real(1), Scratch(2)] };

        Golden.Matches("leaving", scene
            .Then("deleted", all with { IsDeleted = true })
            .Then("deleted, nothing left", scene.Empty with { IsDeleted = true })
            .Then("not wanted here any more: its files stay", all with { IsWanted = false, Active = null, Next = null })
            .Then("not wanted, nothing left", scene.Empty with { IsWanted = false })
            .Then("wanted, but nothing of it", scene.Empty)
            .ToText());
    }
}
