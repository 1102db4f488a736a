using Pilothouse.Contracts.Listeners;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Reconciling;
using Pilothouse.Listener.State;

namespace Pilothouse.Listener.Replicas;

/// <summary>A wanted revision, ready to be handed to the runtime and the gateway.</summary>
internal sealed record RunnableRevision(PlannedRevision Planned, ReplicaSpec Main, ReplicaSpec Scratch, string RouteLabel)
{
    /// <summary>As the original's data plane reads it: seconds that runs are given at a switch, at most an hour.</summary>
    private const string GraceVariable = "BG_JOB_SHUTDOWN_GRACE_PERIOD_SECS";

    private const int LongestGraceSeconds = 3600;

    public LaunchSpec Launch => Main.Launch;

    /// <exception cref="System.Text.Json.JsonException">The launch spec is not one.</exception>
    public static RunnableRevision Of(WantedDeployment wanted, WantedRevision revision, DataFolders folders, ListenerOptions options)
    {
        var deployment = new DeploymentId(wanted.Id);
        var launch = LaunchSpecJson.Read(revision.LaunchSpec);
        var main = new ReplicaSpec
        {
            Name = ReplicaName.Of(deployment, revision.Number, 0, isScratch: false),
            Workspace = new WorkspaceId(wanted.WorkspaceId),
            Deployment = deployment,
            Revision = new RevisionId(revision.Id),
            Launch = launch,
            ArtifactDirectory = folders.Artifact(revision.ArtifactDigest),
            StateDirectory = folders.State(deployment),
            Environment = revision.Environment,
            Limits = new ReplicaLimits(revision.CpuCores, revision.MemoryBytes),
            ReadyLimit = options.ReadyLimit,
        };
        var scratchName = ReplicaName.Of(deployment, revision.Number, 0, isScratch: true);
        var scratch = main with { Name = scratchName, StateDirectory = folders.Scratch(scratchName), IsScratch = true };
        return new RunnableRevision(
            new PlannedRevision(main.Revision, revision.Number, launch.State), main, scratch, wanted.RouteLabel);
    }

    public Route RouteTo(IReadOnlyList<Uri> endpoints) => new(
        Main.Workspace, Main.Deployment, RouteLabel, Main.Revision, endpoints, RequiresKey: !Launch.BringsOwnAuth);

    /// <summary>The serving revision's own value counts, else the listener's.</summary>
    public TimeSpan DrainLimit(ListenerOptions options)
    {
        var text = Main.Environment.GetValueOrDefault(GraceVariable) ?? Launch.ProjectEnvironment.GetValueOrDefault(GraceVariable);
        return int.TryParse(text, out var seconds) && seconds >= 0
            ? TimeSpan.FromSeconds(Math.Min(seconds, LongestGraceSeconds))
            : options.DrainLimit;
    }
}
