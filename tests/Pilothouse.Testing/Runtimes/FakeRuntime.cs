using Pilothouse.Core.Launching;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Testing.Runtimes;

/// <summary>How a replica of <see cref="FakeRuntime"/> behaves once it was started.</summary>
public enum FakeBehaviour
{
    /// <summary>Ready before <c>StartAsync</c> returns.</summary>
    Ready,

    /// <summary>Starting until the test calls <see cref="FakeRuntime.MakeReady"/>; late after its limit.</summary>
    Starting,

    /// <summary>Late after its limit, ready after twice the limit.</summary>
    Late,

    /// <summary>Ends at once, every time: crash-looping, or ended when scratch.</summary>
    Exits,
}

/// <summary>
/// Replicas without processes, for tests of what drives a runtime. Passes <see cref="RuntimeContractTests"/>. All members may be called from
/// several threads.
/// </summary>
public sealed class FakeRuntime(TimeProvider time, IReplicaObserver? observer = null) : IRuntime
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ReplicaName, Replica> _replicas = [];
    private readonly List<ReplicaSpec> _started = [];
    private readonly List<ReplicaName> _stopped = [];
    private readonly List<string> _violations = [];
    private int _lastProcessId = 100_000;

    public string Kind => "fake";

    /// <summary>Asked at each start; ready unless the test says otherwise.</summary>
    public Func<ReplicaSpec, FakeBehaviour> Behaviour { get; set; } = _ => FakeBehaviour.Ready;

    /// <summary>Where a replica answers; a test that serves real HTTP puts its own address here.</summary>
    public Func<ReplicaSpec, Uri>? EndpointOf { get; set; }

    /// <summary>Called inside each start, before the replica is there; throw to make the start fail.</summary>
    public Func<ReplicaSpec, Task>? OnStart { get; set; }

    /// <summary>Called inside each stop, before the replica is gone; throw to make the stop fail.</summary>
    public Func<ReplicaName, Task>? OnStop { get; set; }

    /// <summary>With which code replicas that behave as <see cref="FakeBehaviour.Exits"/> end.</summary>
    public int ExitCode { get; init; } = 1;

    /// <summary>What each process prints first.</summary>
    public string FirstLine { get; init; } = "started";

    /// <summary>What <see cref="SweepAsync"/> reports.</summary>
    public int Leftovers { get; set; }

    public int Sweeps { get; private set; }

    public bool IsDisposed { get; private set; }

    /// <summary>Every start that happened, in order; repeated calls that changed nothing are not in it.</summary>
    public IReadOnlyList<ReplicaSpec> Started => Snapshot(_started);

    /// <summary>Every stop that ended a replica, in order.</summary>
    public IReadOnlyList<ReplicaName> Stopped => Snapshot(_stopped);

    /// <summary>What a real machine would have punished: two replicas on one folder of state files. Must stay empty.</summary>
    public IReadOnlyList<string> Violations => Snapshot(_violations);

    public Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            Sweeps++;
            if (_replicas.Count > 0) _violations.Add("SweepAsync was called after replicas were started");
            return Task.FromResult(Leftovers);
        }
    }

    public IReadOnlyList<ReplicaStatus> List()
    {
        lock (_lock)
        {
            return [.. _replicas.Values.Select(replica => replica.Status)];
        }
    }

    public ReplicaStatus? Find(ReplicaName name)
    {
        lock (_lock)
        {
            return _replicas.GetValueOrDefault(name)?.Status;
        }
    }

    public async Task<ReplicaStatus> StartAsync(ReplicaSpec spec, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Find(spec.Name) is { } there) return there;
        if (OnStart is { } onStart) await onStart(spec);

        var replica = Add(spec, out var isNew);
        if (!isNew) return replica.Status;
        Begin(replica);
        return replica.Status;
    }

    public async Task StopAsync(ReplicaName name, TimeSpan stopLimit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Find(name) is null) return;
        if (OnStop is { } onStop) await onStop(name);

        Replica? replica;
        lock (_lock)
        {
            if (!_replicas.Remove(name, out replica)) return;
            _stopped.Add(name);
        }

        replica.Timer?.Dispose();
        observer?.Changed(replica.Spec.Deployment);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var status in List())
            await StopAsync(status.Name, TimeSpan.Zero, CancellationToken.None);
        IsDisposed = true;
    }

    /// <summary>The health probe of a starting replica answers from now on.</summary>
    public void MakeReady(ReplicaName name) => Change(name, status => status with
    {
        Phase = ReplicaPhase.Ready,
        Since = time.GetUtcNow(),
        ReadyAfter = time.GetUtcNow() - status.StartedAt,
    });

    /// <summary>The process ends once and comes back as <see cref="Behaviour"/> says when the test calls <see cref="Restart"/>.</summary>
    public void Crash(ReplicaName name, string reason = "exit code 1", int code = 1, bool isOutOfMemory = false) =>
        Change(name, (status, isScratch) => Exited(status, isScratch ? ReplicaPhase.Ended : ReplicaPhase.BackingOff, reason, code, isOutOfMemory));

    /// <summary>The process ended so often that the runtime calls it a crash loop.</summary>
    public void CrashLoop(ReplicaName name, string reason = "exit code 1", int code = 1) =>
        Change(name, status => Exited(status, ReplicaPhase.CrashLooping, reason, code, isOutOfMemory: false) with { Restarts = 5 });

    /// <summary>A crashed replica gets its next process.</summary>
    public void Restart(ReplicaName name)
    {
        Replica? replica;
        lock (_lock)
        {
            if (!_replicas.TryGetValue(name, out replica)) return;
            replica.Status = Present(replica.Spec, replica.Status) with { Restarts = replica.Status.Restarts + 1 };
        }

        Begin(replica);
    }

    /// <summary>The replica prints a line.</summary>
    public void Log(ReplicaName name, string level, string message)
    {
        ReplicaSpec spec;
        lock (_lock)
        {
            if (!_replicas.TryGetValue(name, out var replica)) return;
            spec = replica.Spec;
            replica.Status = replica.Status with { LastLines = [.. replica.Status.LastLines.TakeLast(19), message] };
        }

        observer?.Logged(new ReplicaLogLine(spec.Workspace, spec.Deployment, spec.Revision, time.GetUtcNow(), level, message));
    }

    private Replica Add(ReplicaSpec spec, out bool isNew)
    {
        lock (_lock)
        {
            isNew = !_replicas.TryGetValue(spec.Name, out var replica);
            if (!isNew) return replica!;

            if (IsDisposed) _violations.Add($"{spec.Name} was started after the runtime was disposed");
            if (!spec.IsScratch && spec.Launch.State == StateLocation.Files && OnSameFiles_NeedsLock(spec) is { } other)
                _violations.Add($"{spec.Name} and {other.Spec.Name} run on the same state folder {spec.StateDirectory}");

            var now = time.GetUtcNow();
            var status = new ReplicaStatus(
                spec.Name, spec.Deployment, spec.Revision, ReplicaPhase.Starting, Endpoint: null, ProcessId: null, now, now,
                ReadyAfter: null, IsLate: false, Restarts: 0, LastExit: null, LastLines: []);
            replica = new Replica(spec, Present(spec, status));
            _replicas.Add(spec.Name, replica);
            _started.Add(spec);
            return replica;
        }
    }

    private Replica? OnSameFiles_NeedsLock(ReplicaSpec spec) => _replicas.Values.FirstOrDefault(other =>
        !other.Spec.IsScratch && other.Status.ProcessId is not null
        && string.Equals(other.Spec.StateDirectory, spec.StateDirectory, StringComparison.Ordinal));

    private void Begin(Replica replica)
    {
        var spec = replica.Spec;
        Log(spec.Name, "INFO", FirstLine);
        observer?.Changed(spec.Deployment);
        switch (Behaviour(spec))
        {
            case FakeBehaviour.Ready:
                MakeReady(spec.Name);
                break;
            case FakeBehaviour.Exits when spec.IsScratch:
                Crash(spec.Name, $"exit code {ExitCode}", ExitCode);
                break;
            case FakeBehaviour.Exits:
                CrashLoop(spec.Name, $"exit code {ExitCode}", ExitCode);
                break;
            case FakeBehaviour.Late:
                After(replica, spec.ReadyLimit, () =>
                {
                    MakeLate(spec.Name);
                    After(replica, spec.ReadyLimit, () => MakeReady(spec.Name));
                });
                break;
            case FakeBehaviour.Starting:
                After(replica, spec.ReadyLimit, () => MakeLate(spec.Name));
                break;
        }
    }

    private void MakeLate(ReplicaName name) =>
        Change(name, status => status.Phase == ReplicaPhase.Starting ? status with { IsLate = true } : status);

    private void After(Replica replica, TimeSpan pause, Action then) =>
        replica.Timer = time.CreateTimer(_ => then(), state: null, pause, Timeout.InfiniteTimeSpan);

    private ReplicaStatus Present(ReplicaSpec spec, ReplicaStatus status)
    {
        var processId = Interlocked.Increment(ref _lastProcessId);
        var now = time.GetUtcNow();
        return status with
        {
            Phase = ReplicaPhase.Starting,
            Since = now,
            StartedAt = now,
            ReadyAfter = null,
            ProcessId = processId,
            Endpoint = EndpointOf?.Invoke(spec) ?? new Uri($"http://127.0.0.1:{40_000 + (processId % 20_000)}"),
        };
    }

    private ReplicaStatus Exited(ReplicaStatus status, ReplicaPhase phase, string reason, int code, bool isOutOfMemory) => status with
    {
        Phase = phase,
        Since = time.GetUtcNow(),
        ProcessId = null,
        Endpoint = null,
        LastExit = new ReplicaExit(reason, code, isOutOfMemory, time.GetUtcNow()),
    };

    private void Change(ReplicaName name, Func<ReplicaStatus, ReplicaStatus> change) => Change(name, (status, _) => change(status));

    private void Change(ReplicaName name, Func<ReplicaStatus, bool, ReplicaStatus> change)
    {
        ReplicaSpec spec;
        lock (_lock)
        {
            if (!_replicas.TryGetValue(name, out var replica)) return;
            replica.Status = change(replica.Status, replica.Spec.IsScratch);
            spec = replica.Spec;
        }

        observer?.Changed(spec.Deployment);
    }

    private IReadOnlyList<T> Snapshot<T>(List<T> list)
    {
        lock (_lock)
        {
            return [.. list];
        }
    }

    private sealed class Replica(ReplicaSpec spec, ReplicaStatus status)
    {
        public ReplicaSpec Spec { get; } = spec;

        public ReplicaStatus Status { get; set; } = status;

        public ITimer? Timer { get; set; }
    }
}
