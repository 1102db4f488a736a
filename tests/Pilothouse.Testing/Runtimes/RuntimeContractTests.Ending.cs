using Pilothouse.Core.Deployments;
using Pilothouse.Core.Runtimes;
using Xunit;

namespace Pilothouse.Testing.Runtimes;

/// <summary>Replicas that end although nobody asked them to: crashes, crash loops, memory limits.</summary>
public abstract partial class RuntimeContractTests
{
    [Fact]
    public async Task Serving_replica_that_crashes_is_started_again_and_the_reason_is_told()
    {
        var spec = Spec(ContractServer.Healthy);
        var ready = await StartUntilReadyAsync(spec);
        var heard = Observer.Changes.Count;

        Kill(ready.ProcessId!.Value);
        var again = await UntilAsync(spec, status => status is { Restarts: 1, Phase: ReplicaPhase.Ready });

        Assert.Equal(("signal SIGKILL", 128 + 9, false), (again.LastExit!.Reason, again.LastExit.Code, again.LastExit.IsOutOfMemory));
        Assert.True(again.LastExit.At >= ready.Since && again.StartedAt >= again.LastExit.At);
        Assert.NotNull(again.Endpoint);
        Assert.NotEqual(ready.ProcessId, again.ProcessId);
        Assert.Equal([again.ProcessId!.Value], Processes());
        Assert.True(Observer.Changes.Count > heard);
    }

    [Fact]
    public async Task Replica_that_keeps_ending_is_reported_as_crash_loop_with_its_reason()
    {
        var spec = Spec(ContractServer.Exits);

        await Runtime.StartAsync(spec, Cancel);

        // A start that the machine had no room for is told in between, and tried again.
        var looping = await UntilAsync(spec, status => status is { Phase: ReplicaPhase.CrashLooping, LastExit.Code: 3 });

        Assert.True(looping.Restarts > 0);
        Assert.Equal("exit code 3", looping.LastExit!.Reason);
        Assert.False(looping.LastExit.IsOutOfMemory);
        Assert.Contains(spec.Deployment, Observer.Changes);
    }

    [Fact]
    public async Task Replica_in_a_crash_loop_is_tried_on_and_serves_once_the_cause_is_gone()
    {
        var spec = Spec(ContractServer.Exits);
        await Runtime.StartAsync(spec, Cancel);
        var looping = await UntilAsync(spec, status => status.Phase == ReplicaPhase.CrashLooping);

        Directory.CreateDirectory(spec.StateDirectory);
        await File.WriteAllTextAsync(Path.Combine(spec.StateDirectory, Mended), "", Cancel);
        var ready = await UntilAsync(spec, status => status.Phase == ReplicaPhase.Ready);

        Assert.True(ready.Restarts > looping.Restarts);
        Assert.Equal("exit code 3", ready.LastExit!.Reason);
        Assert.Equal([ready.ProcessId!.Value], Processes());
    }

    [Fact]
    public async Task Scratch_replica_that_ends_is_not_started_again()
    {
        var spec = Spec(ContractServer.Exits) with { IsScratch = true };

        await Runtime.StartAsync(spec, Cancel);
        var ended = await UntilAsync(spec, status => status.Phase == ReplicaPhase.Ended);

        Assert.Equal(0, ended.Restarts);
        Assert.Equal("exit code 3", ended.LastExit!.Reason);
        Assert.Null(ended.ProcessId);
        Assert.Null(ended.Endpoint);
        await Runtime.StopAsync(spec.Name, StopLimit, Cancel);
        Assert.Empty(Runtime.List());
    }

    [Fact]
    public async Task Replica_that_keeps_ending_harms_no_other()
    {
        var good = Spec(ContractServer.Healthy);
        var bad = Spec(ContractServer.Exits);

        await Runtime.StartAsync(bad, Cancel);
        var started = await Runtime.StartAsync(good, Cancel);
        await UntilAsync(bad, status => status.Phase == ReplicaPhase.CrashLooping);
        var ready = await UntilAsync(good, status => status.Phase == ReplicaPhase.Ready);

        Assert.Equal(started.ProcessId, ready.ProcessId);
        Assert.Equal(2, Runtime.List().Count);
    }

    [Fact]
    public async Task Replica_above_its_memory_limit_is_ended_for_that_reason_and_started_again_and_harms_no_other()
    {
        var hungry = Spec(ContractServer.Grows) with { Limits = new ReplicaLimits(1, MemoryBytes: 192 << 20) };
        var good = Spec(ContractServer.Healthy);
        var untouched = await StartUntilReadyAsync(good);

        await Runtime.StartAsync(hungry, Cancel);
        var again = await UntilAsync(hungry, status => status is { Restarts: 1, Phase: ReplicaPhase.Ready });

        Assert.Equal(
            ("out of memory (limit 192 MiB)", 128 + 9, true),
            (again.LastExit!.Reason, again.LastExit.Code, again.LastExit.IsOutOfMemory));
        var still = Runtime.Find(good.Name)!;
        Assert.Equal((untouched.ProcessId, ReplicaPhase.Ready, 0), (still.ProcessId, still.Phase, still.Restarts));
    }
}
