using Pilothouse.Contracts.Listeners;
using Pilothouse.Core.Revisions;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Tests.World;
using Pilothouse.Testing.Runtimes;
using Xunit;

namespace Pilothouse.Listener.Tests.Reporting;

/// <summary>When a status says that a revision failed, the lines that say why are in its log, however slowly they travel.</summary>
public sealed class FailureLogTests : IDisposable
{
    private const string Why = "Error: broken at import";
    private readonly ListenerWorld _world = new(("ReadyLimit", "00:00:10"));

    public FailureLogTests() => _world.BeforeLogs = () => Task.Delay(TimeSpan.FromSeconds(1), _world.Simulation.Time);

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Revision_that_ends_on_scratch_state()
    {
        var (wanted, next) = TriedOut();

        SayWhyAndEnd(ListenerWorld.Scratch(wanted, 2));
        _world.UntilStatus(next, RevisionStatus.DeployFailed);

        Assert.Contains(Why, LinesOf(next));
    }

    [Fact]
    public void First_revision_that_keeps_ending()
    {
        var wanted = Starting();

        _world.Runtime.Log(ListenerWorld.Real(wanted, 1), "ERROR", Why);
        _world.Runtime.CrashLoop(ListenerWorld.Real(wanted, 1));
        _world.UntilStatus(wanted.Next!, RevisionStatus.DeployFailed);

        Assert.Contains(Why, LinesOf(wanted.Next!));
    }

    [Fact]
    public void Revision_that_is_late_and_prints_without_end()
    {
        var wanted = Starting();
        using var chatter = _world.Simulation.Time.CreateTimer(
            _ => _world.Runtime.Log(ListenerWorld.Real(wanted, 1), "INFO", "still loading"),
            state: null, TimeSpan.Zero, TimeSpan.FromMilliseconds(50));

        _world.Run(TimeSpan.FromSeconds(9.8));
        _world.Runtime.Log(ListenerWorld.Real(wanted, 1), "WARNING", Why);
        var began = _world.Simulation.Time.GetTimestamp();
        _world.UntilStatus(wanted.Next!, RevisionStatus.DeployFailed);

        Assert.Contains(Why, LinesOf(wanted.Next!));
        // Late at once; then one batch that may be under way, and the one with the last lines.
        Assert.InRange(_world.Simulation.Time.GetElapsedTime(began), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void Lines_that_many_others_are_ahead_of()
    {
        var (wanted, next) = TriedOut();
        for (var number = 0; number < 1_000; number++) _world.Runtime.Log(ListenerWorld.Real(wanted, 1), "INFO", $"{number}");

        SayWhyAndEnd(ListenerWorld.Scratch(wanted, 2));
        _world.UntilStatus(next, RevisionStatus.DeployFailed, TimeSpan.FromSeconds(5));

        Assert.Contains(Why, LinesOf(next));
    }

    [Fact]
    public void Revision_that_fails_while_the_control_plane_is_away()
    {
        var (wanted, next) = TriedOut();
        _world.Control.IsAway = true;
        SayWhyAndEnd(ListenerWorld.Scratch(wanted, 2));
        _world.Run(TimeSpan.FromMinutes(3));

        _world.Control.IsAway = false;
        _world.UntilStatus(next, RevisionStatus.DeployFailed, TimeSpan.FromMinutes(1));

        Assert.Contains(Why, LinesOf(next));
    }

    [Fact]
    public void Batch_that_is_refused_once_costs_a_second_try()
    {
        var (wanted, next) = TriedOut();
        var refusals = 0;
        _world.BeforeLogs = () => refusals++ == 0 ? throw new HttpRequestException("Busy.") : Task.CompletedTask;

        SayWhyAndEnd(ListenerWorld.Scratch(wanted, 2));
        _world.UntilStatus(next, RevisionStatus.DeployFailed, TimeSpan.FromSeconds(2));

        Assert.Contains(Why, LinesOf(next));
    }

    public static TheoryData<string, Func<TimeProvider, Task>> Deaf => new()
    {
        { "does not answer", time => Task.Delay(TimeSpan.FromHours(1), time) },
        { "refuses", _ => throw new HttpRequestException("No logs today.") },
    };

    [Theory]
    [MemberData(nameof(Deaf), DisableDiscoveryEnumeration = true)]
    public void Failure_is_told_after_five_seconds_to_a_control_plane_that_takes_no_logs(string how, Func<TimeProvider, Task> beforeLogs)
    {
        var (wanted, next) = TriedOut();
        _world.BeforeLogs = () => beforeLogs(_world.Simulation.Time);
        var began = _world.Simulation.Time.GetTimestamp();

        SayWhyAndEnd(ListenerWorld.Scratch(wanted, 2));
        _world.UntilStatus(next, RevisionStatus.DeployFailed);

        var waited = _world.Simulation.Time.GetElapsedTime(began);
        Assert.True(waited >= TimeSpan.FromSeconds(5) && waited <= TimeSpan.FromSeconds(7), $"It {how}, and that took {waited}.");
        Assert.DoesNotContain(Why, LinesOf(next));
        Assert.Contains(Why, _world.Control.Reports.Last(report => report.Phase == "failed").Message!, StringComparison.Ordinal);
    }

    private void SayWhyAndEnd(ReplicaName replica)
    {
        _world.Runtime.Log(replica, "ERROR", Why);
        _world.Runtime.Crash(replica);
    }

    private WantedDeployment Starting()
    {
        _world.Behaviour = _ => FakeBehaviour.Starting;
        var wanted = _world.Deploy();
        _world.Start();
        _world.Until(() => _world.Running() == "1", "revision 1 starts");
        return wanted;
    }

    private (WantedDeployment Wanted, WantedRevision Next) TriedOut()
    {
        var wanted = _world.Serving();
        _world.Behaviour = spec => spec.IsScratch ? FakeBehaviour.Starting : FakeBehaviour.Ready;
        var next = _world.Next(wanted, 2);
        _world.Until(() => _world.Running() == "1 2s", "revision 2 is tried out");
        _world.Run(TimeSpan.FromSeconds(5));
        return (wanted, next);
    }

    private IEnumerable<string> LinesOf(WantedRevision revision) =>
        _world.Control.Logs.Where(line => line.RevisionId == revision.Id).Select(line => line.Message);
}
