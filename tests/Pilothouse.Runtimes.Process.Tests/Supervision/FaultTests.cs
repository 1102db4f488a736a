using Microsoft.Extensions.Logging;
using Pilothouse.Core;
using Pilothouse.Core.Runtimes;
using Pilothouse.Runtimes.Process.Tests.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Runtimes.Process.Tests.Supervision;

/// <summary>What nobody expects, at each point of a replica's life: it is told, nothing is left, and nobody waits for ever.</summary>
public sealed class FaultTests : ProcessRuntimeTest
{
    [Theory]
    [InlineData(FaultAt.Open)]
    [InlineData(FaultAt.Enter)]
    [InlineData(FaultAt.OutOfMemoryKills)]
    public async Task Fault_of_the_first_start_fails_it_and_leaves_nothing(FaultAt at)
    {
        IReadOnlyList<string> directories = [];
        var limits = new FaultyLimits(at);
        await using var supervised = new Supervised(OptionsFor(Root), Spec(Servers.Healthy), limits);
        limits.Opened = () => directories = supervised.Records.ReadAll().Single().Directories;

        supervised.Replica.Begin();
        var told = await Assert.ThrowsAsync<RuntimeUnavailableException>(
            () => supervised.Replica.Begun.WaitAsync(Eventually.Limit, TimeProvider.System, Cancel));
        await supervised.Replica.Over.WaitAsync(Eventually.Limit, TimeProvider.System, Cancel);

        Assert.Equal(FaultyLimits.Message(at), told.InnerException!.Message);
        AssertLogged(supervised, FaultyLimits.Message(at));
        Assert.Empty(ProcessesBelow(Root));
        Assert.DoesNotContain(directories, Directory.Exists);
        Assert.Single(directories);
        Assert.Empty(RecordsBelow(Root));
    }

    [Theory]
    [InlineData(FaultAt.Guard, 1, "listen()")]
    [InlineData(FaultAt.Members, 1, "process.exit(1)")]
    [InlineData(FaultAt.Members, 2, "process.exit(1)")]
    public async Task Fault_of_a_run_ends_its_process_and_the_next_one_serves(FaultAt at, int times, string first)
    {
        var spec = Spec($"if (isFirst()) {first}; else listen();");
        await using var supervised = new Supervised(OptionsFor(Root), spec, new FaultyLimits(at, times));

        supervised.Replica.Begin();
        await supervised.Replica.Begun.WaitAsync(Eventually.Limit, TimeProvider.System, Cancel);
        var ready = await Eventually.ReadAsync(() => supervised.Replica.Status, status => status.Phase == ReplicaPhase.Ready);

        Assert.Equal(1, ready.Restarts);
        Assert.Equal($"fault of the process runtime: {FaultyLimits.Message(at).TrimEnd('.')}", ready.LastExit!.Reason);
        Assert.Equal(ready.ProcessId, Assert.Single(ProcessesBelow(Root)).Identity.Id);
        AssertLogged(supervised, FaultyLimits.Message(at));
    }

    [Fact]
    public async Task Fault_while_its_traces_are_removed_keeps_none_of_the_others()
    {
        await using var supervised = new Supervised(OptionsFor(Root), Spec(Servers.Healthy), new FaultyLimits(FaultAt.Remove));
        supervised.Replica.Begin();
        await Eventually.ReadAsync(() => supervised.Replica.Status, status => status.Phase == ReplicaPhase.Ready);
        var directories = TemporaryDirectoriesBelow(Root);

        await supervised.Replica.StopAsync(StopLimit).WaitAsync(Eventually.Limit, TimeProvider.System, Cancel);

        Assert.Contains(supervised.Logger.Entries, entry => entry.Exception?.Message == FaultyLimits.Message(FaultAt.Remove));
        Assert.Single(directories);
        Assert.DoesNotContain(directories, Directory.Exists);
        Assert.Empty(RecordsBelow(Root));
    }

    [Fact]
    public async Task Process_whose_record_cannot_be_written_does_not_go_on_without_it()
    {
        var replicas = OptionsFor(Root).ReplicasDirectory;
        var limits = new FaultyLimits(FaultAt.Nowhere)
        {
            Entered = () =>
            {
                Directory.Delete(replicas, recursive: true);
                File.WriteAllText(replicas, "not a directory");
            },
        };
        await using var supervised = new Supervised(OptionsFor(Root), Spec(Servers.Healthy), limits);

        supervised.Replica.Begin();
        await Assert.ThrowsAsync<RuntimeUnavailableException>(
            () => supervised.Replica.Begun.WaitAsync(Eventually.Limit, TimeProvider.System, Cancel));
        await supervised.Replica.Over.WaitAsync(Eventually.Limit, TimeProvider.System, Cancel);

        Assert.Empty(ProcessesBelow(Root));
    }

    [Fact]
    public async Task Replica_that_is_stopped_before_its_first_process_keeps_nobody_waiting()
    {
        var limits = new FaultyLimits(FaultAt.Nowhere);
        await using var supervised = new Supervised(OptionsFor(Root), Spec(Servers.Healthy), limits);
        var stopping = Task.CompletedTask;
        limits.Opened = () => stopping = supervised.Replica.StopAsync(StopLimit);

        supervised.Replica.Begin();
        await supervised.Replica.Begun.WaitAsync(Eventually.Limit, TimeProvider.System, Cancel);
        await stopping.WaitAsync(Eventually.Limit, TimeProvider.System, Cancel);

        Assert.Empty(ProcessesBelow(Root));
        Assert.Empty(RecordsBelow(Root));
    }

    [Fact]
    public async Task Observer_that_throws_costs_neither_the_replica_nor_the_other_observers()
    {
        var logger = new RecordingLogger();
        var runtime = Create(logger: logger, observers: new ThrowingObserver());
        var spec = Spec(Servers.Healthy);

        var started = await runtime.StartAsync(spec, Cancel).WaitAsync(Eventually.Limit, TimeProvider.System, Cancel);
        var ready = await UntilAsync(runtime, spec, status => status.Phase == ReplicaPhase.Ready);
        await Eventually.TrueAsync(() => Messages.Contains("hello from the server"));
        await runtime.StopAsync(spec.Name, StopLimit, Cancel);

        Assert.Equal((started.ProcessId, 0), (ready.ProcessId, ready.Restarts));
        Assert.Contains(spec.Deployment, Observer.Changes);
        Assert.Contains(logger.Entries, entry => entry.Exception is ThrowingObserver.Thrown);
        Assert.Empty(ProcessesBelow(Root));
    }

    private static void AssertLogged(Supervised supervised, string message) => Assert.Contains(
        supervised.Logger.Entries, entry => entry.Level == LogLevel.Error && entry.Exception?.Message == message);

    private sealed class ThrowingObserver : IReplicaObserver
    {
        public void Changed(DeploymentId deployment) => throw new Thrown();

        public void Logged(ReplicaLogLine line) => throw new Thrown();

        internal sealed class Thrown : Exception;
    }
}
