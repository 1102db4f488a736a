using System.Text.Json;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Explain;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Explain;

/// <summary>Of a revision whose turn has not come, or will not.</summary>
internal static class QueueFindings
{
    /// <summary>The loop takes up what it can at once; only its resync, half a minute, may come between.</summary>
    private static readonly TimeSpan s_soon = TimeSpan.FromMinutes(2);

    public static Finding Of(ExplainFacts facts, RevisionRow revision) => revision.Status switch
    {
        RevisionStatus.Skipped => Skipped(facts, revision),
        RevisionStatus.Interrupted => Interrupted(facts, revision),
        _ => Waiting(facts, revision),
    };

    private static Finding Waiting(ExplainFacts facts, RevisionRow revision)
    {
        if (facts.Revisions.FirstOrDefault(other => other.Status.IsInFlight()) is { } ahead)
        {
            var usual = facts.UsualBuild is { } span ? $" A build of it took {Words.Span(span)} lately." : "";
            return Finding(
                revision, FindingSeverities.Info,
                $"Revision {revision.Number} waits until revision {ahead.Number} has ended, which is {ahead.Status.ToWire()} since {Words.At(ahead.UpdatedAt)}.{usual}",
                $"Wait, or interrupt revision {ahead.Number}: POST /v2/deployments/{revision.DeploymentId}/revisions/{ahead.Id}/interrupt.");
        }

        if (!facts.Builds)
            return Finding(
                revision, FindingSeverities.Warning,
                $"Revision {revision.Number} waits for its turn, and this control plane drives no revisions: it has no build engine.",
                "Start a control plane with a build engine on this store.");
        return facts.Now - revision.UpdatedAt > s_soon
            ? Finding(
                revision, FindingSeverities.Error, $"Revision {revision.Number} should have had its turn by now.",
                "Look at the control plane's own log: its revision queue does not get on.")
            : Finding(revision, FindingSeverities.Info, $"It is the turn of revision {revision.Number} in a moment.", "Wait.");
    }

    private static Finding Skipped(ExplainFacts facts, RevisionRow revision) => Finding(
        revision, FindingSeverities.Warning,
        $"Revision {revision.Number} was passed over. {Words.Sentence(revision.StatusReason ?? "A newer one went on in its place.")}",
        facts.Pin is null ? "Deploy again if it is still wanted." : $"To take it all the same: POST /v2/deployments/{revision.DeploymentId}/resume, and deploy it again.");

    private static Finding Interrupted(ExplainFacts facts, RevisionRow revision)
    {
        var by = By(facts.Last(revision.Id, ControlEventKinds.Interrupted)?.Data) is { } who ? $" It was {who}." : "";
        return Finding(
            revision, FindingSeverities.Warning,
            $"Revision {revision.Number} was interrupted. {Words.Sentence(revision.StatusReason ?? "Somebody asked for it.")}{by}",
            "Deploy again if it is still wanted: 'pilothouse redeploy' makes a revision of the same.");
    }

    private static string? By(string? data)
    {
        if (data is null) return null;
        using var document = JsonDocument.Parse(data);
        return document.RootElement.TryGetProperty("by", out var by) && by.ValueKind == JsonValueKind.String ? $"the user or key {by.GetString()}" : null;
    }

    private static Finding Finding(RevisionRow revision, string severity, string summary, string action) => new()
    {
        Area = FindingAreas.Queue,
        Severity = severity,
        Summary = summary,
        Since = revision.UpdatedAt,
        Action = action,
        RevisionId = revision.Id,
    };
}
