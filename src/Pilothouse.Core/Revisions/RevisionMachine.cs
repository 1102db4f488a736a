using static Pilothouse.Core.Revisions.RevisionEvent;
using static Pilothouse.Core.Revisions.RevisionStatus;

namespace Pilothouse.Core.Revisions;

/// <summary>The only code that changes a revision's status.</summary>
public static class RevisionMachine
{
    /// <summary>
    /// The status after <paramref name="happened"/>. Late or repeated news changes nothing: the same status comes back.
    /// </summary>
    public static RevisionStatus Next(RevisionStatus status, RevisionEvent happened) => (status, happened) switch
    {
        (Creating, Admitted) => Queued,
        (Creating, AdmissionFailed) => CreateFailed,

        (Queued, PromotedToBuild) => AwaitingBuild,
        (Queued, PromotedToDeploy) => AwaitingDeploy,
        (Queued, Superseded) => Skipped,

        (AwaitingBuild, BuildStarted) => Building,
        (Building, BuildSucceeded) => AwaitingDeploy,
        (AwaitingBuild or Building, RevisionEvent.BuildFailed) => RevisionStatus.BuildFailed,
        (Building, BuildAbandoned) => AwaitingBuild,

        (AwaitingDeploy, DeployStarted) => Deploying,
        (AwaitingDeploy or Deploying, DeploySucceeded) => Deployed,
        (AwaitingDeploy or Deploying, RevisionEvent.DeployFailed) => RevisionStatus.DeployFailed,

        // A server that becomes healthy after its limit is still good: the late success counts.
        (RevisionStatus.DeployFailed, DeploySucceeded) => Deployed,

        (Creating or Queued or AwaitingBuild or Building or AwaitingDeploy or Deploying, InterruptRequested) => Interrupted,

        _ => status,
    };
}
