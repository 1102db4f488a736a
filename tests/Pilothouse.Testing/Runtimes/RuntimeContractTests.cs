using Pilothouse.Core;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Runtimes;
using Xunit;

namespace Pilothouse.Testing.Runtimes;

/// <summary>How the agent server of a contract test behaves; each adapter brings a real one (or a fake) that does.</summary>
public enum ContractServer
{
    /// <summary>Prints <c>hello from the server</c> and is ready soon.</summary>
    Healthy,

    /// <summary>Runs, but never answers its health probe.</summary>
    NeverReady,

    /// <summary>Answers its health probe only after the limit of the test, 200 ms.</summary>
    Late,

    /// <summary>Ends at once with exit code 3.</summary>
    Exits,
}

/// <summary>What every <see cref="IRuntime"/> must do; the fake and each adapter pass the same suite.</summary>
public abstract class RuntimeContractTests : IAsyncLifetime
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);
    private IRuntime? _runtime;

    protected RecordingObserver Observer { get; } = new();

    /// <summary>Own directory of this test, removed after it.</summary>
    protected string Root { get; } = Directory.CreateTempSubdirectory("pilothouse-runtime-").FullName;

    protected IRuntime Runtime => _runtime ?? throw new InvalidOperationException("The test has not begun.");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A runtime that restarts quickly, so that a crash loop takes no seconds.</summary>
    protected abstract IRuntime Create(IReplicaObserver observer);

    protected abstract LaunchSpec Launch(ContractServer server);

    /// <summary>Whether the process of that status is there; a fake believes its own status.</summary>
    protected abstract bool IsAlive(ReplicaStatus status);

    public virtual ValueTask InitializeAsync()
    {
        _runtime = Create(Observer);
        return ValueTask.CompletedTask;
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Runtime.DisposeAsync();
        Directory.Delete(Root, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Started_replica_becomes_ready_and_says_where_it_answers()
    {
        var spec = Spec(ContractServer.Healthy);

        var started = await Runtime.StartAsync(spec, Cancel);
        var ready = await UntilAsync(spec, status => status.Phase == ReplicaPhase.Ready);

        Assert.NotNull(started.ProcessId);
        Assert.Equal(started.ProcessId, ready.ProcessId);
        Assert.True(ready.Endpoint!.IsLoopback);
        Assert.NotNull(ready.ReadyAfter);
        Assert.False(ready.IsLate);
        Assert.Null(ready.LastExit);
        Assert.Equal(0, ready.Restarts);
        Assert.Equal((spec.Deployment, spec.Revision), (ready.Deployment, ready.Revision));
        Assert.Contains(spec.Deployment, Observer.Changes);
    }

    [Fact]
    public async Task Second_start_with_the_same_name_changes_nothing()
    {
        var spec = Spec(ContractServer.Healthy);
        var first = await Runtime.StartAsync(spec, Cancel);

        var second = await Runtime.StartAsync(spec, Cancel);

        Assert.Equal(first.ProcessId, second.ProcessId);
        Assert.Single(Runtime.List());
    }

    [Fact]
    public async Task Starts_of_one_name_at_once_start_one_process()
    {
        var spec = Spec(ContractServer.NeverReady);

        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Runtime.StartAsync(spec, Cancel)));

        Assert.Single(all.Select(status => status.ProcessId).Distinct());
        Assert.Single(Runtime.List());
    }

    [Fact]
    public async Task Stopped_replica_is_forgotten_and_its_process_gone()
    {
        var spec = Spec(ContractServer.Healthy);
        await Runtime.StartAsync(spec, Cancel);
        var ready = await UntilAsync(spec, status => status.Phase == ReplicaPhase.Ready);
        Assert.True(IsAlive(ready));

        await Runtime.StopAsync(spec.Name, StopLimit, Cancel);

        Assert.Null(Runtime.Find(spec.Name));
        Assert.Empty(Runtime.List());
        Assert.False(IsAlive(ready));
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
    public async Task Replica_that_keeps_ending_is_reported_as_crash_loop_with_its_reason()
    {
        var spec = Spec(ContractServer.Exits);

        await Runtime.StartAsync(spec, Cancel);
        var looping = await UntilAsync(spec, status => status.Phase == ReplicaPhase.CrashLooping);

        Assert.True(looping.Restarts > 0);
        Assert.Equal(3, looping.LastExit!.Code);
        Assert.Equal("exit code 3", looping.LastExit.Reason);
        Assert.False(looping.LastExit.IsOutOfMemory);
        Assert.Contains(spec.Deployment, Observer.Changes);
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
    public async Task Late_start_is_reported_as_late_and_still_counts()
    {
        var spec = Spec(ContractServer.Late) with { ReadyLimit = TimeSpan.FromMilliseconds(200) };

        await Runtime.StartAsync(spec, Cancel);
        var late = await UntilAsync(spec, status => status.IsLate);
        var ready = await UntilAsync(spec, status => status.Phase == ReplicaPhase.Ready);

        Assert.Equal(late.ProcessId, ready.ProcessId);
        Assert.True(ready.IsLate);
        Assert.True(ready.ReadyAfter > spec.ReadyLimit);
    }

    [Fact]
    public async Task Replica_that_is_never_ready_stays_starting()
    {
        var spec = Spec(ContractServer.NeverReady) with { ReadyLimit = TimeSpan.FromMilliseconds(100) };

        await Runtime.StartAsync(spec, Cancel);
        var late = await UntilAsync(spec, status => status.IsLate);

        Assert.Equal(ReplicaPhase.Starting, late.Phase);
        Assert.True(IsAlive(late));
        Assert.Null(late.ReadyAfter);
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
    public async Task Printed_lines_reach_the_observer_and_the_status()
    {
        var spec = Spec(ContractServer.Healthy);

        await Runtime.StartAsync(spec, Cancel);
        await UntilAsync(spec, status => status.LastLines.Contains("hello from the server"));
        await Eventually.TrueAsync(() => Observer.Lines.Any(line => line.Message == "hello from the server"));

        var line = Observer.Lines.First(line => line.Message == "hello from the server");
        Assert.Equal((spec.Workspace, spec.Deployment, spec.Revision), (line.Workspace, line.Deployment, line.Revision));
        Assert.Equal("INFO", line.Level);
    }

    [Fact]
    public async Task Disposing_leaves_no_process()
    {
        ReplicaSpec[] specs = [Spec(ContractServer.Healthy), Spec(ContractServer.NeverReady), Spec(ContractServer.Exits)];
        var started = await Task.WhenAll(specs.Select(spec => Runtime.StartAsync(spec, Cancel)));

        await Runtime.DisposeAsync();

        Assert.Empty(Runtime.List());
        Assert.DoesNotContain(started, IsAlive);
    }

    [Fact]
    public async Task Sweep_finds_nothing_where_nothing_ran()
    {
        Assert.Equal(0, await Runtime.SweepAsync(Cancel));
    }

    /// <summary>A new deployment whose only replica runs <paramref name="server"/>.</summary>
    protected ReplicaSpec Spec(ContractServer server)
    {
        var deployment = DeploymentId.New();
        var artifact = Path.Combine(Root, "artifact");
        Directory.CreateDirectory(artifact);
        return new ReplicaSpec
        {
            Name = ReplicaName.Of(deployment, 1, 0, isScratch: false),
            Workspace = WorkspaceId.New(),
            Deployment = deployment,
            Revision = RevisionId.New(),
            Launch = Launch(server),
            ArtifactDirectory = artifact,
            StateDirectory = Path.Combine(Root, "state", deployment.Value.ToString("N")),
            Environment = new Dictionary<string, string>(StringComparer.Ordinal),
            Limits = ReplicaLimits.Development,
            ReadyLimit = TimeSpan.FromMinutes(1),
        };
    }

    protected Task<ReplicaStatus> UntilAsync(ReplicaSpec spec, Func<ReplicaStatus, bool> isThere) => Eventually.ReadAsync(
        () => Runtime.Find(spec.Name) ?? throw new InvalidOperationException($"{spec.Name} is not known."), isThere);
}
