using System.Text.Json;
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

    /// <summary>W3C <c>traceparent</c> of the request that made it.</summary>
    public string? TraceParent { get; init; }

    /// <summary>It is being brought up.</summary>
    public bool IsNext { get; init; }

    /// <exception cref="JsonException">The launch spec is not one.</exception>
    public static RunnableRevision Of(WantedDeployment wanted, WantedRevision revision, DataFolders folders, ListenerOptions options)
    {
        var deployment = new DeploymentId(wanted.Id);
        var launch = LaunchSpecJson.Read(revision.LaunchSpec);
        Check(launch, revision.Environment);
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
            new PlannedRevision(main.Revision, revision.Number, launch.State), main, scratch, wanted.RouteLabel)
        {
            TraceParent = revision.TraceParent,
            IsNext = wanted.Next?.Id == revision.Id,
        };
    }

    /// <summary>
    /// Whether it would run exactly what the other runs: the same artifact, launch, limits and environment, but for the number and id that tell the
    /// revisions apart. What is healthy of one is then as good as proven of the other.
    /// </summary>
    public bool Repeats(RunnableRevision other) =>
        string.Equals(Main.ArtifactDirectory, other.Main.ArtifactDirectory, StringComparison.Ordinal)
        && Main.Limits == other.Main.Limits
        && string.Equals(LaunchSpecJson.Write(Launch), LaunchSpecJson.Write(other.Launch), StringComparison.Ordinal)
        && Main.Environment.Count == other.Main.Environment.Count
        && Main.Environment.All(own => other.Main.Environment.TryGetValue(own.Key, out var its)
            && (string.Equals(own.Value, its, StringComparison.Ordinal) || (Identifies(own.Value) && other.Identifies(its))));

    /// <summary>The platform tells each replica which revision it is (<c>LANGSMITH_HOST_REVISION_ID</c>).</summary>
    private bool Identifies(string value) => string.Equals(value, Main.Revision.ToString(), StringComparison.Ordinal);

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

    /// <summary>What JSON allows and nobody can run.</summary>
    private static void Check(LaunchSpec launch, IReadOnlyDictionary<string, string> environment)
    {
        IReadOnlyDictionary<string, string>[] maps = [launch.Environment, launch.ProjectEnvironment, launch.ScratchEnvironment, environment];
        if (launch.Arguments.Any(argument => argument is null) || maps.Any(map => map.Values.Any(value => value is null)))
            throw new JsonException("An argument or a variable is null.");
        if (!IsPath(launch.HealthPath)) throw new JsonException($"The health path {launch.HealthPath} does not begin with a slash.");
        if (launch.Busy is { } busy && (busy.Method is not ("GET" or "POST") || !IsPath(busy.Path)))
            throw new JsonException($"The busy probe {busy.Method} {busy.Path} cannot be asked.");
    }

    /// <summary>Two slashes would name another host.</summary>
    private static bool IsPath(string text) =>
        text.StartsWith('/') && !text.StartsWith("//", StringComparison.Ordinal) && Uri.TryCreate("http://127.0.0.1:1" + text, UriKind.Absolute, out _);
}
