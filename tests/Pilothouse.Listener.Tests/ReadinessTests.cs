using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Revisions;
using Pilothouse.Listener.Tests.World;
using Pilothouse.Testing.Runtimes;
using Xunit;

namespace Pilothouse.Listener.Tests;

/// <summary>When a server is ready just before its limit, just after it, and never (T24).</summary>
public sealed class ReadinessTests : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);
    private readonly ListenerWorld _world = new() { Behaviour = _ => FakeBehaviour.Starting };

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Ready_a_second_before_the_limit_is_accepted()
    {
        var wanted = Deploy();

        _world.Run(s_limit - TimeSpan.FromSeconds(1));
        _world.Runtime.MakeReady(ListenerWorld.Real(wanted, 1));
        _world.UntilStatus(wanted.Next!, RevisionStatus.Deployed, TimeSpan.FromSeconds(1));
        _world.Run(TimeSpan.FromMinutes(1));

        Assert.Equal(["deploying", "deployed"], Phases());
        Assert.DoesNotContain(_world.Control.Events, happened => happened.Kind == ListenerEventKinds.Late);
    }

    [Fact]
    public void Ready_a_second_after_the_limit_is_reported_as_late_and_then_counts()
    {
        var wanted = Deploy();
        _world.Runtime.Log(ListenerWorld.Real(wanted, 1), "INFO", "loading the model");

        _world.Run(s_limit + TimeSpan.FromSeconds(1));
        Assert.Equal(RevisionStatus.DeployFailed, _world.Control.Status(wanted.Next!.Id));
        var late = _world.Control.Reports.Single(report => report.Phase == "failed");
        Assert.True(late.IsLate);
        Assert.Equal(
            "Revision 1 is late: health probe GET /ok did not answer 2xx within 300 s. It is still starting, and will serve if it becomes healthy."
                + " Its last lines: started | loading the model",
            late.Message);
        _world.Runtime.MakeReady(ListenerWorld.Real(wanted, 1));
        _world.UntilStatus(wanted.Next, RevisionStatus.Deployed, TimeSpan.FromSeconds(1));

        Assert.Equal(["deploying", "failed", "deployed"], Phases());
        Assert.Equal(late.Message, Assert.Single(_world.Control.Events, happened => happened.Kind == ListenerEventKinds.Late).Message);
        Assert.Equal("1", _world.Running());
        Assert.Single(_world.RouteOf(wanted)!.Endpoints);
    }

    [Fact]
    public void Late_on_scratch_state_is_switched_to_when_it_is_ready_after_all()
    {
        var (wanted, next) = Redeploy();

        _world.Run(s_limit + TimeSpan.FromSeconds(1));
        Assert.Equal(RevisionStatus.DeployFailed, _world.Control.Status(next.Id));
        Assert.Equal("1 2s", _world.Running());
        _world.Behaviour = _ => FakeBehaviour.Ready;
        _world.Runtime.MakeReady(ListenerWorld.Scratch(wanted, 2));
        _world.UntilStatus(next, RevisionStatus.Deployed, TimeSpan.FromSeconds(5));

        Assert.Equal("2", _world.Running());
        Assert.Equal(next.Id, _world.RouteOf(wanted)!.Revision.Value);
    }

    [Fact]
    public void Late_one_makes_way_for_something_newer()
    {
        var (wanted, next) = Redeploy();
        _world.Run(s_limit + TimeSpan.FromSeconds(1));

        _world.Behaviour = _ => FakeBehaviour.Ready;
        var newer = _world.Next(wanted, 3);
        _world.UntilStatus(newer, RevisionStatus.Deployed);

        Assert.Equal("3", _world.Running());
        Assert.Equal(RevisionStatus.DeployFailed, _world.Control.Status(next.Id));
    }

    [Fact]
    public void Late_one_that_ends_is_failed_for_good()
    {
        var (wanted, next) = Redeploy();
        _world.Run(s_limit + TimeSpan.FromSeconds(1));

        _world.Runtime.Crash(ListenerWorld.Scratch(wanted, 2), "out of memory (limit 1024 MiB)", 137, isOutOfMemory: true);
        _world.Until(() => _world.Control.Reports.Any(report => report is { Phase: "failed", IsLate: false }), "the failure is reported");

        var message = _world.Control.Reports.Last(report => report.Phase == "failed").Message!;
        Assert.Contains("ended before it could serve: out of memory (limit 1024 MiB)", message, StringComparison.Ordinal);
        Assert.Contains("Give the deployment more memory", message, StringComparison.Ordinal);
        Assert.Null(_world.Control.Find(wanted.Id)!.Next);
        _world.Run(TimeSpan.FromSeconds(1));
        Assert.Equal("1", _world.Running());
        Assert.Equal(RevisionStatus.DeployFailed, _world.Control.Status(next.Id));
    }

    [Fact]
    public void Late_one_is_started_again_after_a_restart_of_the_listener_and_still_counts()
    {
        var (wanted, next) = Redeploy();
        _world.Run(s_limit + TimeSpan.FromSeconds(1));

        _world.Behaviour = spec => spec.IsScratch ? FakeBehaviour.Starting : FakeBehaviour.Ready;
        _world.Restart();
        _world.Until(() => _world.Running() == "1 2s", "both run again");
        _world.Runtime.MakeReady(ListenerWorld.Scratch(wanted, 2));
        _world.UntilStatus(next, RevisionStatus.Deployed, TimeSpan.FromSeconds(5));

        Assert.Equal("2", _world.Running());
    }

    [Fact]
    public void Crash_loop_of_the_first_revision_is_failed_with_its_last_lines()
    {
        _world.Behaviour = _ => FakeBehaviour.Exits;
        var wanted = Deploy();

        _world.UntilStatus(wanted.Next!, RevisionStatus.DeployFailed);
        _world.Run(TimeSpan.FromSeconds(1));

        Assert.Equal(["deploying", "failed"], Phases());
        Assert.Equal(
            "Revision 1 keeps ending: exit code 1; health probe GET /ok never answered 2xx. Its last lines: started",
            _world.Control.Reports[^1].Message);
        Assert.Equal("", _world.Running());
    }

    [Fact]
    public void Crash_loop_of_a_serving_revision_is_told_once_and_it_serves_again_when_it_can()
    {
        _world.Behaviour = _ => FakeBehaviour.Ready;
        var wanted = _world.Serving();

        _world.Runtime.CrashLoop(ListenerWorld.Real(wanted, 1), "signal SIGSEGV", 139);
        _world.Run(TimeSpan.FromMinutes(3));
        Assert.Empty(_world.RouteOf(wanted)!.Endpoints);
        Assert.Contains("signal SIGSEGV", Assert.Single(Failing()).Message, StringComparison.Ordinal);
        _world.Runtime.Restart(ListenerWorld.Real(wanted, 1));
        _world.Run(TimeSpan.FromSeconds(1));

        Assert.Equal(_world.Runtime.Find(ListenerWorld.Real(wanted, 1))!.Endpoint, Assert.Single(_world.RouteOf(wanted)!.Endpoints));
        _world.Runtime.CrashLoop(ListenerWorld.Real(wanted, 1), "signal SIGBUS", 135);
        _world.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(2, Failing().Count());
    }

    private IEnumerable<ReportedEvent> Failing() => _world.Control.Events.Where(happened => happened.Kind == ListenerEventKinds.Failing);

    private WantedDeployment Deploy()
    {
        var wanted = _world.Deploy();
        _world.Start();
        _world.Until(() => _world.Running() == "1" || _world.Behaviour(_world.Runtime.Started[0]) == FakeBehaviour.Exits, "revision 1 starts");
        return wanted;
    }

    private (WantedDeployment Wanted, WantedRevision Next) Redeploy()
    {
        _world.Behaviour = spec => spec.IsScratch ? FakeBehaviour.Starting : FakeBehaviour.Ready;
        var wanted = _world.Serving(StateLocation.Files);
        var next = _world.Next(wanted, 2);
        _world.Until(() => _world.Running() == "1 2s", "revision 2 is tried out");
        return (wanted, next);
    }

    private IEnumerable<string> Phases() => _world.Control.Reports.Select(report => report.Phase).Where(phase => phase != "observed");
}
