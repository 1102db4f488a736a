using System.Diagnostics;
using Pilothouse.Core;
using Pilothouse.Core.Observing;
using Pilothouse.Listener.Replicas;

namespace Pilothouse.Listener.Reconciling;

/// <summary>
/// Spans of the steps that bring a revision up. Of one that serves already (its replica was lost, say) they are traces of their own that link
/// to the revision's, which may be weeks old.
/// </summary>
internal static class StepSpans
{
    public const string SourceName = "Pilothouse.Listener";

    private static readonly ActivitySource s_source = new(SourceName);

    /// <summary>Null also for steps that only look or tell.</summary>
    public static Activity? Start(Step step, Pass pass) => s_source.HasListeners() && Name(step) is var (name, of)
        && pass.Memory.Runnable.TryGetValue(of, out var revision) ? Start(name, pass.Deployment, revision) : null;

    private static Activity? Start(string name, DeploymentId deployment, RunnableRevision revision)
    {
        var parent = revision.IsNext ? revision.TraceParent : null;
        var repeated = revision.IsNext ? default : RevisionTrace.Context(revision.TraceParent);
        return s_source.StartOf(name, parent, deployment, revision.Planned.Id, repeated);
    }

    private static (string Name, RevisionId Of)? Name(Step step) => step switch
    {
        Step.Start { IsScratch: true } start => ("start replica on scratch state", start.Revision.Id),
        Step.Start start => ("start replica", start.Revision.Id),
        Step.Fail fail => ("fail revision", fail.Revision.Id),
        Step.SwitchHeld held => ("switch callers", held.To.Id),
        Step.SwitchBeside beside => ("switch callers", beside.To.Id),
        _ => null,
    };
}
