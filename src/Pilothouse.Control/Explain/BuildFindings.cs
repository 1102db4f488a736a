using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Explain;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Explain;

/// <summary>Of a revision between source and artifact.</summary>
internal static class BuildFindings
{
    private const int LinesOfOneUnderWay = 3;

    /// <summary>Package managers are quiet for a while; longer than this somebody should look.</summary>
    private static readonly TimeSpan s_silent = TimeSpan.FromMinutes(2);

    public static Finding Of(ExplainFacts facts, RevisionRow revision) => revision.Status switch
    {
        RevisionStatus.AwaitingBuild => Awaiting(facts, revision),
        RevisionStatus.Building => Building(facts, revision),
        RevisionStatus.CreateFailed => Finding(
            revision, FindingAreas.Source, FindingSeverities.Error,
            $"Revision {revision.Number} could not be made. {Words.Sentence(revision.StatusReason ?? "What it names cannot be resolved.")}", "Correct what it names, and deploy again."),
        _ => Failed(facts, revision),
    };

    private static Finding Awaiting(ExplainFacts facts, RevisionRow revision)
    {
        if (!facts.Builds)
            return Finding(
                revision, FindingAreas.Build, FindingSeverities.Error,
                $"Revision {revision.Number} waits for its build, and this control plane builds nothing: it has no build engine.",
                "Start a control plane with a build engine on this store.");
        if (revision.StatusReason is { } reason)
            return Finding(
                revision, FindingAreas.Build, FindingSeverities.Warning, $"The build of revision {revision.Number} begins again. {Words.Sentence(reason)}",
                "Wait: it is tried again by itself, a few times.", LinesThatMatter.Of(LinesOf(facts, revision), reason));
        return Finding(
            revision, FindingAreas.Build, FindingSeverities.Info,
            $"Revision {revision.Number} waits for a free place to be built: {facts.BuildsUnderWay} builds run, and {facts.BuildsBefore} revisions wait before it.{Usual(facts)}",
            "Wait; more builds at once: Reconciling:ConcurrentBuilds.");
    }

    private static Finding Building(ExplainFacts facts, RevisionRow revision)
    {
        var lines = LinesOf(facts, revision);
        var since = facts.Last(revision.Id, ControlEventKinds.BuildStarted)?.At ?? revision.UpdatedAt;
        if (revision.LeaseUntil is not { } until || until < facts.Now)
            return Finding(
                revision, FindingAreas.Build, FindingSeverities.Warning,
                $"The build of revision {revision.Number} was cut off: whoever built it has not been heard of{(revision.LeaseUntil is { } lapsed ? $" since {Words.At(lapsed)}" : "")}.",
                "Wait: another builder takes it over. If none does, no control plane with a build engine is running.", LinesThatMatter.Last(lines, LinesOfOneUnderWay))
                with
            { Since = since };

        var last = lines.Count == 0 ? since : lines[^1].At;
        var isSilent = facts.Now - last > s_silent;
        return Finding(
            revision, FindingAreas.Build, isSilent ? FindingSeverities.Warning : FindingSeverities.Info,
            $"Revision {revision.Number} is being built for {Words.Span(facts.Now - since)}{(isSilent ? $" and has printed nothing for {Words.Span(facts.Now - last)}" : "")}.{Usual(facts)}",
            isSilent
                ? $"See what it does last; it ends by itself at its time limit (Builds:TimeLimit), or interrupt it: POST /v2/deployments/{revision.DeploymentId}/revisions/{revision.Id}/interrupt."
                : "Wait.",
            LinesThatMatter.Last(lines, LinesOfOneUnderWay)) with
        { Since = since };
    }

    private static Finding Failed(ExplainFacts facts, RevisionRow revision)
    {
        var reason = revision.StatusReason ?? "It gave no reason.";
        if (string.Equals(reason, BuildInputs.SecretsDoNotOpen, StringComparison.Ordinal))
            return Finding(revision, FindingAreas.Source, FindingSeverities.Error, $"Revision {revision.Number} was not built. {reason}", "Set the deployment's secrets again, and deploy.");
        return Finding(
            revision, FindingAreas.Build, FindingSeverities.Error, $"The build of revision {revision.Number} failed. {Words.Sentence(reason)}",
            "Mend what the lines name and deploy again; the whole log: 'pilothouse logs --type build'.", LinesThatMatter.Of(LinesOf(facts, revision), reason));
    }

    /// <summary>The lines that were read are the newest revision's.</summary>
    private static IReadOnlyList<LogRow> LinesOf(ExplainFacts facts, RevisionRow revision) => [.. facts.Lines.Where(line => line.RevisionId == revision.Id)];

    private static string Usual(ExplainFacts facts) => facts.UsualBuild is { } usual ? $" Its builds took {Words.Span(usual)} lately." : "";

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
