using System.Diagnostics;

namespace Pilothouse.Core.Observing;

/// <summary>
/// Spans of the work on a revision. They belong to the trace of the request that made it, which is kept with the revision as a W3C
/// <c>traceparent</c>, so that they find it across processes and restarts.
/// </summary>
public static class RevisionTrace
{
    /// <summary>The header's and the stored form's: <c>00-{trace id}-{span id}-{flags}</c>; null when no trace is under way.</summary>
    public static string? Now => Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null;

    /// <summary>Null while nobody listens, or when the trace is not sampled. Current until it is disposed of.</summary>
    /// <param name="traceParent">Of the revision; null or unreadable begins a trace of its own.</param>
    /// <param name="earlier">A try before this one, or what this repeats.</param>
    public static Activity? StartOf(
        this ActivitySource source, string name, string? traceParent, DeploymentId deployment, RevisionId revision, ActivityContext earlier = default,
        DateTimeOffset startedAt = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (!source.HasListeners()) return null;
        var parent = Context(traceParent);

        // What is under way here is not what this belongs to: without a parent it begins a trace.
        if (parent == default) Activity.Current = null;
        return source.StartActivity(
            ActivityKind.Internal, parent, Tags(deployment, revision), earlier == default ? null : [new ActivityLink(earlier)], startedAt, name);
    }

    /// <summary>Of a stored <c>traceparent</c>, to link to; the default one when there is none.</summary>
    public static ActivityContext Context(string? traceParent) =>
        ActivityContext.TryParse(traceParent, traceState: null, isRemote: true, out var read) ? read : default;

    private static KeyValuePair<string, object?>[] Tags(DeploymentId deployment, RevisionId revision) =>
        [new("pilothouse.deployment.id", deployment.ToString()), new("pilothouse.revision.id", revision.ToString())];
}
