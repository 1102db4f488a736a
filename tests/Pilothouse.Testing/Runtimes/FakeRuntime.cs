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

    /// <summary>Grows above its memory limit at once, and is ended for that.</summary>
    OutOfMemory,
}

/// <summary>
/// Replicas without processes, for tests of what drives a runtime. Passes <see cref="RuntimeContractTests"/>. All members may be called from
/// several threads.
/// </summary>
/// <param name="machine">Given to one after the other, as by control planes of which each killed one leaves its processes to the next.</param>
public sealed class FakeRuntime(TimeProvider time, IReplicaObserver? observer = null, FakeMachine? machine = null) : IRuntime
{
    /// <summary>As the process runtime has it.</summary>
    private const int CrashLoopExits = 5;

    private readonly FakeMachine _machine = machine ?? new FakeMachine();
    private readonly Lock _lock = new();
    private readonly Dictionary<ReplicaName, Replica> _replicas = [];
    private readonly List<ReplicaSpec> _started = [];
    private readonly List<ReplicaName> _stopped = [];
    private readonly List<string> _violations = [];

    public string Kind => "fake";

    /// <summary>Asked at each start, also of the next process of a replica that ended; ready unless the test says otherwise.</summary>
    public Func<ReplicaSpec, FakeBehaviour> Behaviour { get; set; } = _ => FakeBehaviour.Ready;

    /// <summary>Where a replica answers; a test that serves real HTTP puts its own address here.</summary>
    public Func<ReplicaSpec, Uri>? EndpointOf { get; set; }

    /// <summary>Called inside each start, before the replica is there; throw to make the start fail.</summary>
    public Func<ReplicaSpec, Task>? OnStart { get; set; }

    /// <summary>Called inside each stop, before the replica is gone; throw to make the stop fail.</summary>
    public Func<ReplicaName, Task>? OnStop { get; set; }

    /// <summary>With which code replicas that behave as <see cref="FakeBehaviour.Exits"/> end.</summary>
    public int ExitCode { get; init; } = 1;

    /// <summary>After it a replica that ended gets its next process; null: when the test calls <see cref="Restart"/>.</summary>
    public TimeSpan? RestartPause { get; init; }

    /// <summary>How long a replica needs from SIGTERM until it ends by itself; what needs longer than its stop limit is killed then.</summary>
    public Func<ReplicaSpec, TimeSpan> DrainTakes { get; init; } = _ => TimeSpan.Zero;

    /// <summary>Of how many processes a replica consists.</summary>
    public Func<ReplicaSpec, int> ProcessesOf { get; init; } = _ => 1;

    /// <summary>What each process prints first.</summary>
    public string FirstLine { get; init; } = "started";

    /// <summary>What each process prints last that was asked to end and had the time; null: nothing.</summary>
    public string? LastLine { get; init; }

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
            return Task.FromResult(_machine.EndAll());
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
        if (FindReplica(name) is not { } replica) return;

        var takes = DrainTakes(replica.Spec);
        if (takes > TimeSpan.Zero) await Task.Delay(takes < stopLimit ? takes : stopLimit, time, cancellationToken);
        lock (_lock)
        {
            if (_replicas.GetValueOrDefault(name) != replica) return;
            _replicas.Remove(name);
            _stopped.Add(name);
            End_NeedsLock(replica.Status);
        }

        replica.Timer?.Dispose();
        if (takes <= stopLimit && LastLine is { } line) Tell(replica.Spec, "INFO", line);
        observer?.Changed(replica.Spec.Deployment);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var status in List())
        {
            if (FindReplica(status.Name) is { } replica)
                await StopAsync(status.Name, replica.Spec.Launch.StopLimit, CancellationToken.None);
        }

        IsDisposed = true;
    }

    /// <summary>As <c>kill -9</c> of the control plane: nothing of this runtime happens any more, and its processes are left on the machine.</summary>
    public void Die()
    {
        lock (_lock)
        {
            foreach (var replica in _replicas.Values) replica.Timer?.Dispose();
            _replicas.Clear();
            IsDisposed = true;
        }
    }

    /// <summary>The health probe of a starting replica answers from now on.</summary>
    public void MakeReady(ReplicaName name) => Change(name, replica =>
    {
        replica.Exits = 0;
        return replica.Status with
        {
            Phase = ReplicaPhase.Ready,
            Since = time.GetUtcNow(),
            ReadyAfter = time.GetUtcNow() - replica.Status.StartedAt,
        };
    });

    /// <summary>The process ends once and comes back as <see cref="Behaviour"/> says, when <see cref="RestartPause"/> says.</summary>
    public void Crash(ReplicaName name, string reason = "exit code 1", int code = 1, bool isOutOfMemory = false)
    {
        var changed = Change(name, replica => Exited_NeedsLock(replica.Status, PhaseAfterExit_NeedsLock(replica), reason, code, isOutOfMemory));
        if (changed is { Spec.IsScratch: false } && RestartPause is { } pause) After(changed, pause, () => StartAgain(changed));
    }

    /// <summary>The process ended so often that the runtime calls it a crash loop.</summary>
    public void CrashLoop(ReplicaName name, string reason = "exit code 1", int code = 1) =>
        Change(name, replica =>
            Exited_NeedsLock(replica.Status, ReplicaPhase.CrashLooping, reason, code, isOutOfMemory: false) with { Restarts = CrashLoopExits });

    /// <summary>A crashed replica gets its next process.</summary>
    public void Restart(ReplicaName name)
    {
        if (FindReplica(name) is { } replica) StartAgain(replica);
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

        Tell(spec, level, message);
    }

    private void Tell(ReplicaSpec spec, string level, string message) =>
        observer?.Logged(new ReplicaLogLine(spec.Workspace, spec.Deployment, spec.Revision, time.GetUtcNow(), level, message));

    private Replica? FindReplica(ReplicaName name)
    {
        lock (_lock)
        {
            return _replicas.GetValueOrDefault(name);
        }
    }

    private Replica Add(ReplicaSpec spec, out bool isNew)
    {
        lock (_lock)
        {
            isNew = !_replicas.TryGetValue(spec.Name, out var replica);
            if (!isNew) return replica!;

            if (IsDisposed) _violations.Add($"{spec.Name} was started after the runtime was disposed");
            if (_machine.OnFilesOf(spec) is { } other)
                _violations.Add($"{spec.Name} and {other.Name} run on the same state folder {spec.StateDirectory}");

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
            case FakeBehaviour.Exits when !spec.IsScratch && RestartPause is null:
                CrashLoop(spec.Name, $"exit code {ExitCode}", ExitCode);
                break;
            case FakeBehaviour.Exits:
                Crash(spec.Name, $"exit code {ExitCode}", ExitCode);
                break;
            case FakeBehaviour.OutOfMemory:
                Crash(spec.Name, $"out of memory (limit {spec.Limits.MemoryBytes >> 20} MiB)", 128 + 9, isOutOfMemory: true);
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

    private void StartAgain(Replica replica)
    {
        lock (_lock)
        {
            if (_replicas.GetValueOrDefault(replica.Spec.Name) != replica) return;
            replica.Status = Present(replica.Spec, replica.Status) with { Restarts = replica.Status.Restarts + 1 };
        }

        Begin(replica);
    }

    private void MakeLate(ReplicaName name) =>
        Change(name, replica => replica.Status.Phase == ReplicaPhase.Starting ? replica.Status with { IsLate = true } : replica.Status);

    private void After(Replica replica, TimeSpan pause, Action then)
    {
        replica.Timer?.Dispose();
        replica.Timer = time.CreateTimer(_ => then(), state: null, pause, Timeout.InfiniteTimeSpan);
    }

    private ReplicaStatus Present(ReplicaSpec spec, ReplicaStatus status)
    {
        var processId = _machine.Start(spec, ProcessesOf(spec));
        var now = time.GetUtcNow();
        return status with
        {
            Phase = ReplicaPhase.Starting,
            Since = now,
            StartedAt = now,
            ReadyAfter = null,
            IsLate = false,
            ProcessId = processId,
            Endpoint = EndpointOf?.Invoke(spec) ?? new Uri($"http://127.0.0.1:{40_000 + (processId % 20_000)}"),
        };
    }

    private ReplicaPhase PhaseAfterExit_NeedsLock(Replica replica)
    {
        if (replica.Spec.IsScratch) return ReplicaPhase.Ended;
        return ++replica.Exits >= CrashLoopExits && RestartPause is not null ? ReplicaPhase.CrashLooping : ReplicaPhase.BackingOff;
    }

    private ReplicaStatus Exited_NeedsLock(ReplicaStatus status, ReplicaPhase phase, string reason, int code, bool isOutOfMemory)
    {
        End_NeedsLock(status);
        return status with
        {
            Phase = phase,
            Since = time.GetUtcNow(),
            ProcessId = null,
            Endpoint = null,
            LastExit = new ReplicaExit(reason, code, isOutOfMemory, time.GetUtcNow()),
        };
    }

    private void End_NeedsLock(ReplicaStatus status)
    {
        if (status.ProcessId is { } processId) _machine.End(processId);
    }

    /// <returns>The replica; null when it is not there.</returns>
    private Replica? Change(ReplicaName name, Func<Replica, ReplicaStatus> change)
    {
        Replica? replica;
        lock (_lock)
        {
            if (!_replicas.TryGetValue(name, out replica)) return null;
            replica.Status = change(replica);
        }

        observer?.Changed(replica.Spec.Deployment);
        return replica;
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

        /// <summary>Since it was last ready.</summary>
        public int Exits { get; set; }

        public ITimer? Timer { get; set; }
    }
}
