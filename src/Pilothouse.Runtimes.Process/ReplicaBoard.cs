using Pilothouse.Core.Runtimes;
using Pilothouse.Runtimes.Process.Output;

namespace Pilothouse.Runtimes.Process;

/// <summary>The present status of one replica: replaced whole, told to observers after each change.</summary>
internal sealed class ReplicaBoard(ReplicaSpec spec, ReplicaOutput output, ReplicaObservers observers, TimeProvider time)
{
    private readonly Lock _lock = new();
    private ReplicaStatus _status = new(
        spec.Name, spec.Deployment, spec.Revision, ReplicaPhase.Starting, Endpoint: null, ProcessId: null, time.GetUtcNow(), time.GetUtcNow(),
        ReadyAfter: null, IsLate: false, Restarts: 0, LastExit: null, LastLines: []);

    public ReplicaStatus Status
    {
        get
        {
            lock (_lock)
            {
                return _status with { LastLines = output.LastLines };
            }
        }
    }

    public void Started(int processId, Uri endpoint, int restarts) => Change(status => status with
    {
        Phase = ReplicaPhase.Starting,
        ProcessId = processId,
        Endpoint = endpoint,
        Since = time.GetUtcNow(),
        StartedAt = time.GetUtcNow(),
        ReadyAfter = null,
        IsLate = false,
        Restarts = restarts,
    });

    /// <summary>It did not get its port; the next process comes at once.</summary>
    public void PortTaken() => Change(status => status with { ProcessId = null, Endpoint = null });

    public void Ready(TimeSpan after) => Change(status => status with
    {
        Phase = ReplicaPhase.Ready,
        Since = time.GetUtcNow(),
        ReadyAfter = after,
        IsLate = status.IsLate || after > spec.ReadyLimit,
    });

    public void Late() => Change(status => status.Phase == ReplicaPhase.Starting ? status with { IsLate = true } : status);

    public void Exited(ReplicaPhase phase, ReplicaExit exit) => Change(status => status with
    {
        Phase = phase,
        ProcessId = null,
        Endpoint = null,
        Since = time.GetUtcNow(),
        LastExit = exit,
    });

    /// <summary>Something about the replica changed.</summary>
    public void Tell() => observers.Changed(spec);

    private void Change(Func<ReplicaStatus, ReplicaStatus> change)
    {
        lock (_lock)
        {
            _status = change(_status);
        }

        Tell();
    }
}
