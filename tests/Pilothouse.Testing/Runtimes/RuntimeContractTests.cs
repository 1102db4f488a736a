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

    /// <summary>
    /// Ends at once with exit code 3; as <see cref="Healthy"/> once there is a file <see cref="RuntimeContractTests.Mended"/> in its state directory.
    /// </summary>
    Exits,

    /// <summary>Takes ever more memory, far above the limit of the test, when it is the first on its state; later as <see cref="Healthy"/>.</summary>
    Grows,

    /// <summary>Ready soon; on SIGTERM it takes some 400 ms, prints <c>state is written</c> and ends.</summary>
    Drains,

    /// <summary>Ready soon; SIGTERM does nothing to it.</summary>
    Stubborn,

    /// <summary>Ready once it has started a process that is neither in its group nor in its session; SIGTERM ends it alone.</summary>
    Daemonizes,
}

/// <summary>
/// What every <see cref="IRuntime"/> must do; the fake and each adapter pass the same suite. Here: starting, becoming ready, what is printed. How
/// replicas end, are stopped and are swept is in the files beside.
/// </summary>
public abstract partial class RuntimeContractTests : IAsyncLifetime
{
    /// <summary>A file in the state directory of <see cref="ContractServer.Exits"/>.</summary>
    public const string Mended = "mended";

    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);
    private IRuntime? _runtime;

    protected RecordingObserver Observer { get; } = new();

    /// <summary>Own directory of this test, removed after it.</summary>
    protected string Root { get; } = Directory.CreateTempSubdirectory("pilothouse-runtime-").FullName;

    /// <summary>Made when it is first asked for: after what a test leaves behind.</summary>
    protected IRuntime Runtime => _runtime ??= Create(Observer);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A runtime that restarts quickly, so that a crash loop takes no seconds, and gives leftovers half a second.</summary>
    protected abstract IRuntime Create(IReplicaObserver observer);

    protected abstract LaunchSpec Launch(ContractServer server);

    /// <summary>Numbers of all processes of this test's replicas that are alive, whoever started them.</summary>
    protected abstract IReadOnlyCollection<int> Processes();

    /// <summary>SIGKILL to one of <see cref="Processes"/>, as by somebody else.</summary>
    protected abstract void Kill(int processId);

    /// <summary>A control plane on the data directory of this test starts these replicas, and dies by SIGKILL once they are ready.</summary>
    protected abstract Task LeaveBehindAsync(params IReadOnlyList<ReplicaSpec> specs);

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        await Runtime.DisposeAsync();
        var left = Processes();
        foreach (var process in left) Kill(process);
        Directory.Delete(Root, recursive: true);
        GC.SuppressFinalize(this);
        Assert.Empty(left);
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
        Assert.Contains(late.ProcessId!.Value, Processes());
        Assert.Null(late.ReadyAfter);
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

    protected async Task<ReplicaStatus> StartUntilReadyAsync(ReplicaSpec spec)
    {
        await Runtime.StartAsync(spec, Cancel);
        return await UntilAsync(spec, status => status.Phase == ReplicaPhase.Ready);
    }

    protected Task<ReplicaStatus> UntilAsync(ReplicaSpec spec, Func<ReplicaStatus, bool> isThere) => Eventually.ReadAsync(
        () => Runtime.Find(spec.Name) ?? throw new InvalidOperationException($"{spec.Name} is not known."), isThere);
}
