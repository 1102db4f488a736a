namespace Pilothouse.Contracts.Deployments;

/// <summary>Body of <c>POST /v2/deployments/{id}/rollback</c>, an extension of the contract; all of it may be left out.</summary>
public sealed record RollbackRequest
{
    /// <summary>The revision to go back to; excludes <see cref="Number"/>. Neither: the one that was deployed before the one that serves.</summary>
    public Guid? RevisionId { get; init; }

    /// <summary>The same by its number within the deployment: 1, 2, 3 …</summary>
    public int? Number { get; init; }

    /// <summary>Why, for whoever asks later; at most 500 characters.</summary>
    public string? Reason { get; init; }
}

/// <summary>
/// A rollback that stays: nothing automatic brings back what was left, until <c>POST /v2/deployments/{id}/resume</c> or an explicit request that
/// names another source. An extension of the contract.
/// </summary>
public sealed record Rollback
{
    public required Guid DeploymentId { get; init; }

    /// <summary>The revision that the rollback made; it carries what the target carried.</summary>
    public required Guid RevisionId { get; init; }

    public required int Number { get; init; }

    /// <summary>Where it went back to.</summary>
    public required Guid TargetRevisionId { get; init; }

    public required int TargetNumber { get; init; }

    /// <summary>What was left: the newest revision of then.</summary>
    public required Guid LeftRevisionId { get; init; }

    public required int LeftNumber { get; init; }
    public string? Reason { get; init; }
    public required DateTimeOffset Since { get; init; }
}
