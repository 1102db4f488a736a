namespace Pilothouse.Core.Revisions;

/// <summary>The thirteen statuses of the contract. <see cref="Unknown"/> is a filler for clients; nothing here enters it.</summary>
public enum RevisionStatus
{
    Creating,
    Queued,
    AwaitingBuild,
    Building,
    AwaitingDeploy,
    Deploying,
    Deployed,
    CreateFailed,
    BuildFailed,
    DeployFailed,
    Skipped,
    Interrupted,
    Unknown,
}

/// <summary>What can happen to a revision.</summary>
public enum RevisionEvent
{
    /// <summary>Its inputs are resolved; it waits for its turn.</summary>
    Admitted,

    /// <summary>Its inputs cannot be resolved (no such image, no such upload).</summary>
    AdmissionFailed,

    /// <summary>It is its turn, and its source needs a build.</summary>
    PromotedToBuild,

    /// <summary>It is its turn, and its artifact is there already (images, unchanged source).</summary>
    PromotedToDeploy,

    /// <summary>A newer revision was queued behind it.</summary>
    Superseded,
    BuildStarted,
    BuildSucceeded,
    BuildFailed,

    /// <summary>The builder died or let its lease lapse; the build starts again.</summary>
    BuildAbandoned,
    DeployStarted,
    DeploySucceeded,
    DeployFailed,

    /// <summary>A user asked to stop it.</summary>
    InterruptRequested,
}

public static class RevisionStatuses
{
    private static readonly Dictionary<RevisionStatus, string> s_names = new()
    {
        [RevisionStatus.Creating] = "CREATING",
        [RevisionStatus.Queued] = "QUEUED",
        [RevisionStatus.AwaitingBuild] = "AWAITING_BUILD",
        [RevisionStatus.Building] = "BUILDING",
        [RevisionStatus.AwaitingDeploy] = "AWAITING_DEPLOY",
        [RevisionStatus.Deploying] = "DEPLOYING",
        [RevisionStatus.Deployed] = "DEPLOYED",
        [RevisionStatus.CreateFailed] = "CREATE_FAILED",
        [RevisionStatus.BuildFailed] = "BUILD_FAILED",
        [RevisionStatus.DeployFailed] = "DEPLOY_FAILED",
        [RevisionStatus.Skipped] = "SKIPPED",
        [RevisionStatus.Interrupted] = "INTERRUPTED",
        [RevisionStatus.Unknown] = "UNKNOWN",
    };

    private static readonly Dictionary<string, RevisionStatus> s_byName =
        s_names.ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);

    /// <summary>The contract's spelling, e.g. <c>AWAITING_BUILD</c>.</summary>
    public static string ToWire(this RevisionStatus status) => s_names[status];

    /// <summary>Null for a spelling that the contract does not have.</summary>
    public static RevisionStatus? FromWire(string name) => s_byName.TryGetValue(name, out var status) ? status : null;

    /// <summary>Nothing that happens later changes it.</summary>
    public static bool IsTerminal(this RevisionStatus status) => status
        is RevisionStatus.Deployed or RevisionStatus.CreateFailed or RevisionStatus.BuildFailed
        or RevisionStatus.DeployFailed or RevisionStatus.Skipped or RevisionStatus.Interrupted;

    /// <summary>It holds its deployment's single place: builds or deploys right now.</summary>
    public static bool IsInFlight(this RevisionStatus status) => status
        is RevisionStatus.AwaitingBuild or RevisionStatus.Building
        or RevisionStatus.AwaitingDeploy or RevisionStatus.Deploying;
}
