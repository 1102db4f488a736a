using Pilothouse.Contracts.Listeners;
using Pilothouse.Core.Revisions;
using Pilothouse.Listener.Tests.World;
using Pilothouse.Testing.Runtimes;
using Xunit;

namespace Pilothouse.Listener.Tests;

/// <summary>The control plane goes and comes back: nothing is lost that can be kept, nothing arrives twice, nothing grows without bound.</summary>
public sealed class ControlPlaneAwayTests : IDisposable
{
    private readonly ListenerWorld _world = new(("LogBufferLines", "100"));

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Switch_goes_on_and_is_reported_when_the_control_plane_is_back()
    {
        var wanted = _world.Serving();
        _world.Behaviour = spec => spec.IsScratch ? FakeBehaviour.Starting : FakeBehaviour.Ready;
        var next = _world.Next(wanted, 2);
        _world.Until(() => _world.Running() == "1 2s", "revision 2 is tried out");
        _world.Control.IsAway = true;
        _world.Runtime.MakeReady(ListenerWorld.Scratch(wanted, 2));

        _world.Until(() => _world.Running() == "2", "revision 2 runs");
        _world.Run(TimeSpan.FromMinutes(3));
        Assert.Equal(next.Id, _world.RouteOf(wanted)!.Revision.Value);

        _world.Control.IsAway = false;
        _world.UntilStatus(next, RevisionStatus.Deployed, TimeSpan.FromMinutes(1));
        Assert.Single(_world.Control.Events, happened => happened.Kind == "switched");
        Assert.Equal(_world.Control.Events.Count, _world.Control.Events.DistinctBy(happened => happened.Key).Count());
    }

    [Fact]
    public void Report_whose_answer_was_lost_is_repeated_and_changes_nothing()
    {
        using (var rehearsal = new ListenerWorld())
        {
            rehearsal.Serving();
            _world.Faults.Arm(FaultKind.Fail, 1 + rehearsal.Faults.Calls.ToList().IndexOf("after report deployed"));
        }

        var wanted = _world.Serving();

        Assert.Equal("after report deployed", _world.Faults.Struck);
        Assert.Equal(["deploying", "deployed", "deployed"], _world.Control.Reports.Select(report => report.Phase));
        Assert.Equal(RevisionStatus.Deployed, _world.Control.Status(wanted.Active!.Id));
        Assert.Single(_world.Control.Events);
    }

    [Fact]
    public void Deploying_that_arrives_after_deployed_changes_nothing()
    {
        var wanted = _world.Serving();
        var taken = _world.Control.Reports.First(report => report.Phase == "deploying");

        var repeated = _world.Control.ReportAsync(taken with { Generation = wanted.Generation }, TestContext.Current.CancellationToken);

        Assert.True(repeated.IsCompletedSuccessfully);
        Assert.Equal(RevisionStatus.Deployed, _world.Control.Status(wanted.Active!.Id));
        Assert.Equal(wanted, _world.Control.Find(wanted.Id));
    }

    [Fact]
    public void Log_lines_arrive_once_and_in_order_after_the_control_plane_was_away()
    {
        var wanted = _world.Serving();
        Say(wanted, "before");
        _world.Control.IsAway = true;
        for (var number = 0; number < 60; number++)
        {
            Say(wanted, $"away {number}");
            _world.Run(TimeSpan.FromSeconds(1));
        }

        _world.Control.IsAway = false;
        Say(wanted, "after");
        _world.Until(() => Lines().Contains("after"), "the last line arrived", TimeSpan.FromMinutes(1));

        Assert.Equal(["before", .. Enumerable.Range(0, 60).Select(number => $"away {number}"), "after"], Lines());
    }

    [Fact]
    public void Batch_whose_answer_was_lost_is_sent_again_under_its_own_name()
    {
        var wanted = _world.Serving();
        _world.Control.LosesLogAnswers = 2;

        Say(wanted, "once");
        _world.Run(TimeSpan.FromSeconds(5));
        Say(wanted, "twice");
        _world.Until(() => Lines().Contains("twice"), "both lines arrived", TimeSpan.FromMinutes(1));

        Assert.Equal(0, _world.Control.LosesLogAnswers);
        Assert.Equal(["once", "twice"], Lines());
    }

    [Fact]
    public void More_lines_than_are_kept_cost_the_oldest_and_say_so()
    {
        var wanted = _world.Serving();
        _world.Control.IsAway = true;
        for (var number = 0; number < 5000; number++) Say(wanted, $"{number}");

        _world.Control.IsAway = false;
        _world.Until(() => Lines().Contains("4999"), "the last line arrived", TimeSpan.FromMinutes(1));

        Assert.Equal(101, Lines().Count);
        Assert.Equal("4900 log lines were left out here: the control plane did not take them in time.", Lines()[0]);
    }

    [Fact]
    public void Last_words_are_sent_at_a_clean_stop()
    {
        var wanted = _world.Serving();
        Say(wanted, "last words");

        _world.Stop();

        Assert.Equal("last words", Lines()[^1]);
    }

    [Fact]
    public void Clean_stop_does_not_wait_for_a_control_plane_that_is_away()
    {
        var wanted = _world.Serving();
        _world.Control.IsAway = true;
        Say(wanted, "nobody hears this");
        var began = _world.Simulation.Time.GetTimestamp();

        _world.Stop();

        Assert.InRange(_world.Simulation.Time.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(3));
    }

    private void Say(WantedDeployment wanted, string message) =>
        _world.Runtime.Log(ListenerWorld.Real(wanted, 1), "INFO", message);

    private List<string> Lines() => [.. _world.Control.Logs.Select(line => line.Message).Where(message => message != "started")];
}
