using Pilothouse.Core.Runtimes;
using Xunit;

namespace Pilothouse.Testing.Runtimes;

/// <summary>Replicas that are asked to end: drained, killed when they do not listen, gone afterwards.</summary>
public abstract partial class RuntimeContractTests
{
    [Fact]
    public async Task Stopped_replica_is_forgotten_and_its_process_gone()
    {
        var spec = Spec(ContractServer.Healthy);
        var ready = await StartUntilReadyAsync(spec);
        Assert.Equal([ready.ProcessId!.Value], Processes());

        await Runtime.StopAsync(spec.Name, StopLimit, Cancel);

        Assert.Null(Runtime.Find(spec.Name));
        Assert.Empty(Runtime.List());
        Assert.Empty(Processes());
    }

    [Fact]
    public async Task Replica_that_ends_within_its_stop_limit_is_not_killed_before_and_its_last_line_arrives()
    {
        var spec = Spec(ContractServer.Drains);
        await StartUntilReadyAsync(spec);

        await Runtime.StopAsync(spec.Name, StopLimit, Cancel);

        Assert.Null(Runtime.Find(spec.Name));
        Assert.Empty(Processes());
        await Eventually.TrueAsync(() => HasPrinted(spec, "state is written"));
    }

    [Fact]
    public async Task Replica_that_ignores_SIGTERM_has_its_stop_limit_and_is_gone_after_it()
    {
        var limit = TimeSpan.FromMilliseconds(400);
        var spec = Spec(ContractServer.Stubborn);
        await StartUntilReadyAsync(spec);

        var began = TimeProvider.System.GetTimestamp();
        await Runtime.StopAsync(spec.Name, limit, Cancel);

        // Timers count milliseconds, and may be one early.
        Assert.True(TimeProvider.System.GetElapsedTime(began) >= limit * 0.9);
        Assert.Null(Runtime.Find(spec.Name));
        Assert.Empty(Processes());
    }

    [Fact]
    public async Task What_left_the_session_of_a_replica_is_ended_with_it()
    {
        var spec = Spec(ContractServer.Daemonizes);
        await StartUntilReadyAsync(spec);
        await Eventually.TrueAsync(() => Processes().Count == 2);

        await Runtime.StopAsync(spec.Name, StopLimit, Cancel);

        Assert.Empty(Processes());
    }

    [Fact]
    public async Task Replica_in_a_crash_loop_can_be_stopped()
    {
        var spec = Spec(ContractServer.Exits);
        await Runtime.StartAsync(spec, Cancel);
        await UntilAsync(spec, status => status.Phase == ReplicaPhase.CrashLooping);

        await Runtime.StopAsync(spec.Name, StopLimit, Cancel);

        Assert.Null(Runtime.Find(spec.Name));
        Assert.Empty(Processes());
    }

    [Fact]
    public async Task Stopping_what_is_absent_does_nothing()
    {
        var spec = Spec(ContractServer.Healthy);
        await Runtime.StopAsync(spec.Name, StopLimit, Cancel);
        await Runtime.StartAsync(spec, Cancel);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Runtime.StopAsync(spec.Name, StopLimit, Cancel)));
        await Runtime.StopAsync(spec.Name, StopLimit, Cancel);

        Assert.Empty(Runtime.List());
    }

    [Fact]
    public async Task Name_can_be_started_again_after_a_stop()
    {
        var spec = Spec(ContractServer.Healthy);
        var first = await Runtime.StartAsync(spec, Cancel);
        await Runtime.StopAsync(spec.Name, StopLimit, Cancel);

        var second = await Runtime.StartAsync(spec, Cancel);
        await UntilAsync(spec, status => status.Phase == ReplicaPhase.Ready);

        Assert.NotEqual(first.ProcessId, second.ProcessId);
    }

    [Fact]
    public async Task Disposing_leaves_no_process()
    {
        ReplicaSpec[] specs = [Spec(ContractServer.Healthy), Spec(ContractServer.NeverReady), Spec(ContractServer.Exits)];
        await Task.WhenAll(specs.Select(spec => Runtime.StartAsync(spec, Cancel)));

        await Runtime.DisposeAsync();

        Assert.Empty(Runtime.List());
        Assert.Empty(Processes());
    }

    [Fact]
    public async Task Disposing_gives_each_replica_the_stop_limit_of_its_launch_spec()
    {
        var patient = Spec(ContractServer.Drains);
        var stubborn = Spec(ContractServer.Stubborn);
        stubborn = stubborn with { Launch = stubborn.Launch with { StopLimit = TimeSpan.FromMilliseconds(100) } };
        await StartUntilReadyAsync(patient);
        await StartUntilReadyAsync(stubborn);

        await Runtime.DisposeAsync();

        Assert.Empty(Processes());
        await Eventually.TrueAsync(() => HasPrinted(patient, "state is written"));
    }

    private bool HasPrinted(ReplicaSpec spec, string message) =>
        Observer.Lines.Any(line => line.Deployment == spec.Deployment && string.Equals(line.Message, message, StringComparison.Ordinal));
}
