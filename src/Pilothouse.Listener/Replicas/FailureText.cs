using Pilothouse.Contracts.Deployments;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Listener.Replicas;

/// <summary>What a user reads of a replica that did not make it: what happened, which probe, and the last lines it printed.</summary>
internal static class FailureText
{
    private const int Lines = 8;
    private const int LongestLine = 300;

    public static string Ended(RunnableRevision revision, ReplicaStatus? status)
    {
        var how = status?.Phase == ReplicaPhase.CrashLooping ? "keeps ending" : "ended before it could serve";
        var why = status?.LastExit?.Reason ?? "for no reason that was seen";
        var hint = status?.LastExit?.IsOutOfMemory == true ? " Give the deployment more memory, or make it use less." : "";
        return $"Revision {revision.Planned} {how}: {why}; {Probe(revision)} never answered 2xx.{hint}{LastLines(status)}";
    }

    public static string NotReady(RunnableRevision revision, ReplicaStatus? status, TimeSpan limit) =>
        $"Revision {revision.Planned} was not ready on its real state within {limit.TotalSeconds:0} s: "
        + $"{Probe(revision)} did not answer 2xx.{LastLines(status)}";

    public static string Late(RunnableRevision revision, ReplicaStatus? status) =>
        $"Revision {revision.Planned} is late: {Probe(revision)} did not answer 2xx within {revision.Main.ReadyLimit.TotalSeconds:0} s. "
        + $"It is still starting, and will serve if it becomes healthy.{LastLines(status)}";

    /// <summary>The same for programs.</summary>
    public static StartFacts Facts(RunnableRevision revision, ReplicaStatus? status, bool isLate = false) => new()
    {
        How = isLate ? "late" : status?.Phase switch { null => "not_seen", ReplicaPhase.CrashLooping => "keeps_ending", _ => "ended" },
        ExitReason = status?.LastExit?.Reason,
        ExitCode = status?.LastExit?.Code,
        IsOutOfMemory = status?.LastExit?.IsOutOfMemory == true,
        MemoryLimitBytes = revision.Main.Limits.MemoryBytes,
        Restarts = status?.Restarts ?? 0,
        HealthPath = revision.Launch.HealthPath,
        ReadyLimitSeconds = revision.Main.ReadyLimit.TotalSeconds,
    };

    private static string Probe(RunnableRevision revision) => $"health probe GET {revision.Launch.HealthPath}";

    private static string LastLines(ReplicaStatus? status)
    {
        if (status is not { LastLines.Count: > 0 }) return " It printed nothing.";
        var lines = status.LastLines.TakeLast(Lines).Select(line => line.Length <= LongestLine ? line : line[..LongestLine] + "…");
        return $" Its last lines: {string.Join(" | ", lines)}";
    }
}
