namespace Pilothouse.Contracts.Deployments;

/// <summary>Kinds of <see cref="RevisionEvent"/> that the control plane itself tells; those of listeners are <see cref="ListenerEventKinds"/>.</summary>
public static class ControlEventKinds
{
    /// <summary>A newer revision was queued behind it, so its turn never came.</summary>
    public const string Skipped = "skipped";

    /// <summary>It is its turn; it waits for a free builder.</summary>
    public const string ReadyToBuild = "ready_to_build";

    public const string BuildStarted = "build_started";

    /// <summary>The build was cut off, by a restart or by an outside failure, and begins again.</summary>
    public const string BuildRestarted = "build_restarted";

    /// <summary>The artifact is there; the data is its digest and whether it was there before.</summary>
    public const string BuildSucceeded = "build_succeeded";

    public const string BuildFailed = "build_failed";

    /// <summary>It is its turn, and its artifact was there already.</summary>
    public const string ReadyToDeploy = "ready_to_deploy";

    /// <summary>A listener took it up.</summary>
    public const string Deploying = "deploying";

    /// <summary>It serves callers.</summary>
    public const string Deployed = "deployed";

    public const string DeployFailed = "deploy_failed";

    /// <summary>Somebody asked to stop it, or its deployment was deleted.</summary>
    public const string Interrupted = "interrupted";
}
