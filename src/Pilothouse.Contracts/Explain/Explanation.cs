namespace Pilothouse.Contracts.Explain;

/// <summary>Answer of <c>GET /v2/deployments/{id}/explain</c>: why a deployment does not serve, or not its newest revision. An extension of the contract.</summary>
public sealed record Explanation
{
    public required Guid DeploymentId { get; init; }

    /// <summary>Callers reach a revision of it.</summary>
    public required bool Serving { get; init; }

    /// <summary>… and that revision is the newest one.</summary>
    public required bool ServesNewest { get; init; }

    /// <summary>One sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>Since when that is so; null when nothing tells.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>What matters most first; never empty.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }
}

/// <summary>One thing that was found out.</summary>
public sealed record Finding
{
    /// <summary>A constant of <see cref="FindingAreas"/>.</summary>
    public required string Area { get; init; }

    /// <summary>A constant of <see cref="FindingSeverities"/>.</summary>
    public required string Severity { get; init; }

    /// <summary>One sentence: what is so.</summary>
    public required string Summary { get; init; }

    public DateTimeOffset? Since { get; init; }

    /// <summary>The last lines that matter, oldest first; at most <see cref="MostDetails"/>, secrets redacted as in logs.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];

    /// <summary>What to do, or what will happen by itself.</summary>
    public required string Action { get; init; }

    /// <summary>Null for what concerns the deployment as a whole.</summary>
    public Guid? RevisionId { get; init; }

    public const int MostDetails = 12;
}

/// <summary>Where the reason lies.</summary>
public static class FindingAreas
{
    public const string Source = "source";
    public const string Build = "build";
    public const string Start = "start";
    public const string Probe = "probe";
    public const string Limits = "limits";
    public const string Queue = "queue";
    public const string Listener = "listener";
    public const string Route = "route";
    public const string Delete = "delete";
}

public static class FindingSeverities
{
    /// <summary>Nothing is wrong: it takes its time, or was wanted so.</summary>
    public const string Info = "info";

    /// <summary>It may heal by itself, or somebody should know.</summary>
    public const string Warning = "warning";

    /// <summary>Somebody must act.</summary>
    public const string Error = "error";
}
