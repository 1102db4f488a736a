namespace Pilothouse.Contracts.Deployments;

/// <summary>Facts of a start that did not succeed, or of a serving replica that keeps ending: the data of <c>start_failed</c>, <c>late</c> and <c>failing</c>.</summary>
public sealed record StartFacts
{
    /// <summary><c>ended</c>, <c>keeps_ending</c>, <c>late</c> or <c>not_seen</c>.</summary>
    public required string How { get; init; }

    /// <summary>For people, e.g. <c>exit code 1</c>, <c>signal SIGSEGV</c>; null while it has not ended.</summary>
    public string? ExitReason { get; init; }

    /// <summary>Exit code, or 128 + signal.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The memory limit killed it.</summary>
    public bool IsOutOfMemory { get; init; }

    public required long MemoryLimitBytes { get; init; }

    public required int Restarts { get; init; }

    /// <summary>Path of the health probe, e.g. <c>/ok</c>.</summary>
    public required string HealthPath { get; init; }

    /// <summary>Seconds within which the probe had to answer.</summary>
    public required double ReadyLimitSeconds { get; init; }
}

/// <summary>What a revision that could serve waits for: the data of <c>waiting</c>.</summary>
/// <param name="OnRevision">Number of the one that still serves.</param>
/// <param name="Requests">Under way when this was told.</param>
/// <param name="Runs">Under way when this was told; null when the server could not say.</param>
/// <param name="LimitSeconds">After it the switch goes on whatever is under way.</param>
public sealed record WaitFacts(int OnRevision, int Requests, int? Runs, double LimitSeconds);
