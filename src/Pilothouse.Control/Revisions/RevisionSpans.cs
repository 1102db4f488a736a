using System.Diagnostics;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Observing;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Revisions;

/// <summary>The control plane's spans in the trace of a revision.</summary>
internal static class RevisionSpans
{
    public const string SourceName = "Pilothouse.Revisions";

    private static readonly ActivitySource s_source = new(SourceName);

    /// <param name="earlier">The try before this one.</param>
    public static Activity? Start(string name, RevisionRow row, ActivityContext earlier = default, DateTimeOffset startedAt = default) =>
        s_source.StartOf(name, row.TraceParent, new DeploymentId(row.DeploymentId), new RevisionId(row.Id), earlier, startedAt);

    /// <summary>The listener's news changed the revision's status: a point of its trace.</summary>
    public static void Told(RevisionRow row)
    {
        using var activity = Start($"revision {row.Status.ToWire()}", row);
        if (row.Status is RevisionStatus.DeployFailed) activity?.SetStatus(ActivityStatusCode.Error, row.StatusReason);
    }
}
