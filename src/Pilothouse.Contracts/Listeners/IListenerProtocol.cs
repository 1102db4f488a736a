using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pilothouse.Contracts.Listeners;

/// <summary>
/// What a listener says to the control plane; every call goes outbound from the listener. One implementation runs in the control plane
/// (for the listener inside <c>serve</c>), one speaks HTTP.
/// </summary>
public interface IListenerProtocol
{
    /// <summary>
    /// Long poll: answers at once when something changed after <see cref="PullRequest.Cursor"/>, else after
    /// <see cref="PullRequest.WaitSeconds"/> with no changes. Cursor 0 (or one too old) answers everything, with <c>IsFull</c>.
    /// </summary>
    Task<PullAnswer> PullAsync(PullRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Fenced: a report about anything but the wanted generation changes no status. Its events are facts and are kept whatever the generation.
    /// Safe to repeat.
    /// </summary>
    Task ReportAsync(DeploymentReport report, CancellationToken cancellationToken);

    /// <summary>At least once; the batch id de-duplicates.</summary>
    Task SendLogsAsync(LogBatch batch, CancellationToken cancellationToken);
}

public sealed record PullRequest(Guid ListenerId, [property: JsonRequired] long Cursor, [property: JsonRequired] int WaitSeconds)
{
    /// <summary>Number of the lease under which this instance of the listener leads (<see cref="LeadAnswer.Lease"/>); null for the one inside <c>serve</c>.</summary>
    public long? Lease { get; init; }

    /// <summary>Public key of this instance (<see cref="EnvironmentSeal"/>): environments come sealed to it. Null, for the one inside <c>serve</c>: as they are.</summary>
    public string? SealTo { get; init; }
}

/// <param name="IsFull">The answer is everything there is: what the listener runs besides must be stopped.</param>
public sealed record PullAnswer(long Cursor, bool IsFull, IReadOnlyList<WantedDeployment> Deployments);

/// <summary>What is wanted of one deployment.</summary>
public sealed record WantedDeployment
{
    public required Guid Id { get; init; }
    public required Guid WorkspaceId { get; init; }
    public required string Name { get; init; }

    /// <summary><c>{name}-{hash}</c>.</summary>
    public required string RouteLabel { get; init; }

    /// <summary>Rises with every change of what is wanted; reports carry it back.</summary>
    public required long Generation { get; init; }

    /// <summary>Everything of it must go; report <c>deleted</c> when it is gone.</summary>
    public required bool IsDeleted { get; init; }

    /// <summary>The revision that serves callers; null before the first success.</summary>
    public WantedRevision? Active { get; init; }

    /// <summary>The revision to bring up and switch to; null when none is in flight.</summary>
    public WantedRevision? Next { get; init; }
}

public sealed record WantedRevision
{
    public required Guid Id { get; init; }

    /// <summary>1, 2, 3 … within the deployment.</summary>
    public required int Number { get; init; }

    public required string ArtifactDigest { get; init; }

    /// <summary>JSON of <c>Pilothouse.Core.Launching.LaunchSpec</c>.</summary>
    public required JsonElement LaunchSpec { get; init; }

    /// <summary>Platform variables and decrypted secrets: only ever sent to the deployment's own listener. Empty where <see cref="Sealed"/> holds them.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>The environment on its way to a listener elsewhere; null once it is opened, and within one process.</summary>
    public SealedEnvironment? Sealed { get; init; }

    public required double CpuCores { get; init; }
    public required long MemoryBytes { get; init; }

    /// <summary>W3C <c>traceparent</c> of the request that made the revision; the spans of bringing it up belong to that trace. Null: to none.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>What a listener saw of one deployment.</summary>
public sealed record DeploymentReport
{
    public required Guid ListenerId { get; init; }
    public required Guid DeploymentId { get; init; }
    public required long Generation { get; init; }

    /// <summary>The revision this is about; null for <c>deleted</c>.</summary>
    public Guid? RevisionId { get; init; }

    /// <summary><c>deploying</c>, <c>deployed</c>, <c>failed</c>, <c>observed</c> (events only) or <c>deleted</c>.</summary>
    public required string Phase { get; init; }

    /// <summary>For <c>failed</c>: one sentence that says why and what to do; becomes the revision's last log line.</summary>
    public string? Message { get; init; }

    /// <summary>
    /// With <c>failed</c>: only the time limit passed; the server is still starting. The revision stays wanted until something newer is, and may
    /// be reported <c>deployed</c> after all.
    /// </summary>
    public bool IsLate { get; init; }

    public IReadOnlyList<ReportedEvent> Events { get; init; } = [];

    /// <summary>As in <see cref="PullRequest.Lease"/>; what a lost lease says is refused.</summary>
    public long? Lease { get; init; }
}

/// <param name="Key">Names this happening for ever, so that a repeated report adds nothing.</param>
public sealed record ReportedEvent(
    [property: JsonRequired] string Key, [property: JsonRequired] DateTimeOffset At, [property: JsonRequired] string Kind,
    [property: JsonRequired] string Message, JsonElement? Data);

public sealed record LogBatch(Guid ListenerId, [property: JsonRequired] Guid BatchId, [property: JsonRequired] IReadOnlyList<ReportedLog> Lines)
{
    /// <summary>As in <see cref="PullRequest.Lease"/>.</summary>
    public long? Lease { get; init; }
}

public sealed record ReportedLog(
    [property: JsonRequired] Guid WorkspaceId, [property: JsonRequired] Guid DeploymentId, [property: JsonRequired] Guid RevisionId,
    [property: JsonRequired] DateTimeOffset At, [property: JsonRequired] string Level, [property: JsonRequired] string Message);
