using System.Text.Json;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Explain;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Explain;

/// <summary>Of a revision between artifact and callers.</summary>
internal static class StartFindings
{
    public static Finding Of(ExplainFacts facts, RevisionRow revision) => revision.Status switch
    {
        RevisionStatus.AwaitingDeploy when !facts.SecretsOpen => Sealed(revision),
        RevisionStatus.AwaitingDeploy => Finding(
            revision, FindingAreas.Listener, FindingSeverities.Info,
            $"Revision {revision.Number} is ready to be started, and its listener has not taken it up yet.", "Wait: a listener takes up changes within seconds."),
        RevisionStatus.Deploying => Deploying(facts, revision),
        _ => Failed(facts, revision),
    };

    /// <summary>The lines of a server that ended, or keeps ending, and what is known of how.</summary>
    public static Finding Ended(RevisionRow revision, StartFacts how, string summary, IReadOnlyList<LogRow> lines)
    {
        var details = LinesThatMatter.Of(lines, revision.StatusReason);
        if (how.IsOutOfMemory)
        {
            return Finding(
                revision, FindingAreas.Limits, FindingSeverities.Error, $"{summary}: out of memory, its limit is {Words.MiB(how.MemoryLimitBytes)}.",
                $"Make it use less, or give it more: a deployment of the type prod has {Words.MiB(ReplicaLimits.Production.MemoryBytes)}.", details);
        }

        return Finding(
            revision, FindingAreas.Start, FindingSeverities.Error,
            $"{summary}: {how.ExitReason ?? "for no reason that was seen"}{(how.Restarts > 0 ? $", started again {Words.Times(how.Restarts)}" : "")}; GET {how.HealthPath} did not answer 2xx.",
            "Mend what its last lines name, and deploy again; the whole log: 'pilothouse logs'.", details);
    }

    public static StartFacts? Read(EventRow? told)
    {
        try
        {
            return told?.Data is { } data ? JsonSerializer.Deserialize(data, ApiJson.Default.StartFacts) : null;
        }
        catch (JsonException)
        {
            // Of a listener that says it otherwise.
            return null;
        }
    }

    private static Finding Deploying(ExplainFacts facts, RevisionRow revision)
    {
        var lines = LinesThatMatter.Last(facts.Lines, 3);
        if (facts.Last(revision.Id, ListenerEventKinds.Waiting) is { } waiting)
            return Finding(
                revision, FindingAreas.Route, FindingSeverities.Info, waiting.Message,
                "Wait: no run is cut before its time. How long that is: Listener:DrainLimit, or BG_JOB_SHUTDOWN_GRACE_PERIOD_SECS of the serving revision.")
                with
            { Since = waiting.At };
        if (facts.Last(revision.Id, ListenerEventKinds.Proven) is { } proven)
            return Finding(
                revision, FindingAreas.Route, FindingSeverities.Info, $"Revision {revision.Number} is healthy, and callers are about to be moved to it.", "Wait.", lines)
                with
            { Since = proven.At };
        return Finding(
            revision, FindingAreas.Start, FindingSeverities.Info,
            $"Revision {revision.Number} is being started for {Words.Span(facts.Now - revision.UpdatedAt)} and is not healthy yet.", "Wait.", lines);
    }

    private static Finding Failed(ExplainFacts facts, RevisionRow revision)
    {
        var reason = revision.StatusReason ?? "The listener gave no reason.";
        if (string.Equals(reason, BuildInputs.SecretsDoNotOpen, StringComparison.Ordinal)) return Sealed(revision);
        if (string.Equals(reason, DeploymentRevisionsReconciler.NoImageRuntime, StringComparison.Ordinal))
            return Finding(
                revision, FindingAreas.Listener, FindingSeverities.Error, $"Revision {revision.Number} cannot run here. {reason}",
                "Connect a listener that runs images, or deploy from source.");
        if (revision.IsLate) return Late(facts, revision, reason);
        if (Read(facts.Last(revision.Id, ListenerEventKinds.StartFailed)) is { } how)
            return Ended(revision, how, $"Revision {revision.Number} {(how.How is "keeps_ending" ? "keeps ending" : "ended before it could serve")}", facts.Lines);
        if (facts.Last(revision.Id, ListenerEventKinds.Late) is { } late) return NotReady(facts, revision, Read(late), isOver: true) with { Since = revision.UpdatedAt };

        // After a switch that was undone, the reason has the whole story.
        return Finding(
            revision, FindingAreas.Start, FindingSeverities.Error, $"Revision {revision.Number} could not be deployed. {Words.Sentence(FirstSentences(reason))}",
            "Mend what its last lines name, and deploy again; the whole log: 'pilothouse logs'.", LinesThatMatter.Of(facts.Lines, reason));
    }

    private static Finding Late(ExplainFacts facts, RevisionRow revision, string reason) =>
        Read(facts.Last(revision.Id, ListenerEventKinds.Late)) is { } how
            ? NotReady(facts, revision, how, isOver: false)
            : Finding(
                revision, FindingAreas.Probe, FindingSeverities.Warning, FirstSentences(reason), "Wait: it still serves if it becomes healthy.",
                LinesThatMatter.Of(facts.Lines, reason));

    private static Finding NotReady(ExplainFacts facts, RevisionRow revision, StartFacts? how, bool isOver)
    {
        var probe = how is null ? "" : $": GET {how.HealthPath} did not answer 2xx within {Words.Span(TimeSpan.FromSeconds(how.ReadyLimitSeconds))}";
        var onward = isOver ? "; something newer took its place" : "; it is still starting, and will serve if it becomes healthy";
        return Finding(
            revision, FindingAreas.Probe, isOver ? FindingSeverities.Error : FindingSeverities.Warning,
            $"Revision {revision.Number} was not ready in time{probe}{onward}.",
            "See what it does so long in its last lines. A start that needs more time: Listener:ReadyLimit.", LinesThatMatter.Last(facts.Lines, 8));
    }

    private static Finding Sealed(RevisionRow revision) => Finding(
        revision, FindingAreas.Source, FindingSeverities.Error, $"Revision {revision.Number} cannot be started. {BuildInputs.SecretsDoNotOpen}",
        "Set the deployment's secrets again; if that happens to all deployments, the master key is not the one that sealed them.");

    /// <summary>The reason of a listener ends in the last lines, which are among the details.</summary>
    private static string FirstSentences(string reason)
    {
        var at = reason.IndexOf(" Its last lines: ", StringComparison.Ordinal);
        return at < 0 ? reason : reason[..at];
    }

    private static Finding Finding(
        RevisionRow revision, string area, string severity, string summary, string action, IReadOnlyList<string>? details = null) => new()
        {
            Area = area,
            Severity = severity,
            Summary = summary,
            Since = revision.UpdatedAt,
            Details = details ?? [],
            Action = action,
            RevisionId = revision.Id,
        };
}
