using Pilothouse.Core.Deployments;
using Pilothouse.Core.Launching;

namespace Pilothouse.Core.Runtimes;

/// <summary>
/// Runs replicas. All calls may be repeated; names make the second find the first. Disposing stops every replica, each within the stop limit of its
/// launch spec.
/// </summary>
public interface IRuntime : IAsyncDisposable
{
    /// <summary><c>process</c>, <c>container</c> or <c>kubernetes</c>.</summary>
    string Kind { get; }

    /// <summary>
    /// Called once before anything else: ends what an earlier, killed control plane left running and reports how many processes that were.
    /// Returns only when they are gone, so that their state files are whole.
    /// </summary>
    Task<int> SweepAsync(CancellationToken cancellationToken);

    /// <summary>Every replica this runtime knows, also failed ones, until <see cref="StopAsync"/> removed them.</summary>
    IReadOnlyList<ReplicaStatus> List();

    /// <summary>Null when there is no such replica.</summary>
    ReplicaStatus? Find(ReplicaName name);

    /// <summary>
    /// Starts one replica and returns once its process is there, before it is ready; supervises it from then on (probe, restart with
    /// backoff, crash-loop detection). A second call with the same name changes nothing.
    /// </summary>
    /// <exception cref="RuntimeUnavailableException">The runtime could not start anything; safe to retry.</exception>
    Task<ReplicaStatus> StartAsync(ReplicaSpec spec, CancellationToken cancellationToken);

    /// <summary>
    /// Stops and forgets one replica: SIGTERM, then SIGKILL to its whole group after <paramref name="stopLimit"/>. No process of it is left
    /// when this returns. Absent already: nothing happens.
    /// </summary>
    Task StopAsync(ReplicaName name, TimeSpan stopLimit, CancellationToken cancellationToken);
}

/// <summary>Hears of replicas. A signal carries a key and nothing else; the listener re-reads. Must not block or throw.</summary>
public interface IReplicaObserver
{
    void Changed(DeploymentId deployment);

    void Logged(ReplicaLogLine line);
}

/// <param name="Value">DNS label, at most 63 characters (RFC 1123), e.g. <c>019b…-7-0</c>.</param>
public readonly record struct ReplicaName(string Value)
{
    /// <summary>Deterministic: deployment's id without dashes, revision's number, ordinal, and <c>-scratch</c> for a proving boot.</summary>
    public static ReplicaName Of(DeploymentId deployment, int revisionNumber, int ordinal, bool isScratch) =>
        new($"{deployment.Value:N}-{revisionNumber}-{ordinal}{(isScratch ? ScratchSuffix : "")}");

    public bool IsScratch => Value.EndsWith(ScratchSuffix, StringComparison.Ordinal);

    private const string ScratchSuffix = "-scratch";

    public override string ToString() => Value;
}

public sealed record ReplicaSpec
{
    public required ReplicaName Name { get; init; }
    public required WorkspaceId Workspace { get; init; }
    public required DeploymentId Deployment { get; init; }
    public required RevisionId Revision { get; init; }
    public required LaunchSpec Launch { get; init; }

    /// <summary>Absolute; read-only for the replica.</summary>
    public required string ArtifactDirectory { get; init; }

    /// <summary>Absolute; created when absent. A scratch replica gets one of its own, removed with it.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Starts against throw-away state to prove that the revision becomes healthy; never restarted.</summary>
    public bool IsScratch { get; init; }

    /// <summary>Platform variables and decrypted secrets, verbatim; they win over the launch spec's.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required ReplicaLimits Limits { get; init; }

    /// <summary>After it a replica that is not ready counts as late; it is still watched, and a late success counts.</summary>
    public required TimeSpan ReadyLimit { get; init; }
}

public enum ReplicaPhase
{
    /// <summary>The process is there; the health probe has not answered 2xx yet.</summary>
    Starting,
    Ready,

    /// <summary>It ended and will be started again after a pause.</summary>
    BackingOff,

    /// <summary>It ended too often too quickly; still retried, at the longest pause.</summary>
    CrashLooping,

    /// <summary>A scratch replica that ended: it is not started again.</summary>
    Ended,
}

/// <param name="Endpoint">Where it answers, e.g. <c>http://127.0.0.1:40123</c>; null while no process is there.</param>
/// <param name="ProcessId">Null while no process is there.</param>
/// <param name="Since">When this phase began.</param>
/// <param name="StartedAt">When the present (or last) process was started.</param>
/// <param name="ReadyAfter">How long that start took until the probe answered; null before.</param>
/// <param name="IsLate">It was, or still is, not ready within its limit.</param>
/// <param name="LastExit">Why the last process ended; null when none has.</param>
/// <param name="LastLines">The last lines it printed (at most 20), for explaining a failure.</param>
public sealed record ReplicaStatus(
    ReplicaName Name,
    DeploymentId Deployment,
    RevisionId Revision,
    ReplicaPhase Phase,
    Uri? Endpoint,
    int? ProcessId,
    DateTimeOffset Since,
    DateTimeOffset StartedAt,
    TimeSpan? ReadyAfter,
    bool IsLate,
    int Restarts,
    ReplicaExit? LastExit,
    IReadOnlyList<string> LastLines);

/// <param name="Reason">For people: <c>exit code 1</c>, <c>signal SIGSEGV</c>, <c>out of memory (limit 1024 MiB)</c>.</param>
/// <param name="Code">Exit code, or 128 + signal.</param>
/// <param name="IsOutOfMemory">The limit killed it.</param>
public sealed record ReplicaExit(string Reason, int Code, bool IsOutOfMemory, DateTimeOffset At);

/// <param name="Level"><c>DEBUG INFO WARNING ERROR CRITICAL</c>, read from the line where it says so.</param>
/// <param name="Message">One line, bounded.</param>
public sealed record ReplicaLogLine(
    WorkspaceId Workspace, DeploymentId Deployment, RevisionId Revision, DateTimeOffset At, string Level, string Message);

/// <summary>The runtime did not answer; safe to retry.</summary>
public sealed class RuntimeUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
