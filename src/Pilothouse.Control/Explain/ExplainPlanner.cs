using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Explain;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Explain;

/// <summary>Facts in, findings out. Pure.</summary>
internal static class ExplainPlanner
{
    public static Explanation Explain(ExplainFacts facts)
    {
        var isDeleted = facts.Deployment.Status == DeploymentStatus.AwaitingDelete;
        var failing = isDeleted ? null : ServingFindings.Failing(facts);
        var isServing = !isDeleted && facts.Active is not null && failing is null;
        var servesNewest = isServing && facts.Active!.Id == facts.Newest!.Id;
        List<Finding?> found = isDeleted
            ? [DeletionOf(facts), ServingFindings.Listener(facts, isWanted: true)]
            : [failing, .. OfNewest(facts), ServingFindings.Pin(facts), ServingFindings.Listener(facts, IsListenerWanted(facts))];
        if (isServing) found.Add(servesNewest ? ServingFindings.Healthy(facts, facts.Active!) : ServingFindings.OlderServes(facts, facts.Active!));
        var findings = found.OfType<Finding>().OrderBy(Rank).ToList();
        return new Explanation
        {
            DeploymentId = facts.Deployment.Id,
            Serving = isServing,
            ServesNewest = servesNewest,
            Summary = Summary(facts, isServing, servesNewest, findings),
            Since = servesNewest ? ServingFindings.DeployedAt(facts, facts.Active!) : findings[0].Since,
            Findings = findings,
        };
    }

    private static IEnumerable<Finding?> OfNewest(ExplainFacts facts)
    {
        if (facts.Newest is not { } newest) return [NoRevision(facts)];
        var inFlight = newest.Status == RevisionStatus.Queued ? facts.Revisions.FirstOrDefault(revision => revision.Status.IsInFlight()) : null;
        return [Of(facts, newest), inFlight is null ? null : Of(facts, inFlight)];
    }

    private static Finding? Of(ExplainFacts facts, RevisionRow revision) => revision.Status switch
    {
        RevisionStatus.Creating or RevisionStatus.Queued or RevisionStatus.Skipped or RevisionStatus.Interrupted => QueueFindings.Of(facts, revision),
        RevisionStatus.CreateFailed or RevisionStatus.AwaitingBuild or RevisionStatus.Building or RevisionStatus.BuildFailed => BuildFindings.Of(facts, revision),
        RevisionStatus.AwaitingDeploy or RevisionStatus.Deploying or RevisionStatus.DeployFailed => StartFindings.Of(facts, revision),
        _ => null,
    };

    private static Finding NoRevision(ExplainFacts facts)
    {
        var of = facts.Deployment;
        var isUploaded = of.Source is Sources.InternalSource;
        var (summary, action) = (isUploaded, facts.HasUpload) switch
        {
            (true, false) => (
                "There is no revision yet: no source was uploaded.",
                $"POST /v2/deployments/{of.Id}/upload-url, PUT the archive there, and PATCH the deployment with its object_path; 'pilothouse deploy --name {of.Name}' does all three."),
            (true, true) => (
                "There is no revision yet: source was uploaded, and no request made a revision of it.",
                $"PATCH /v2/deployments/{of.Id} with revision_source and source_revision_config.source_tarball_path."),
            _ => (
                $"There is no revision yet, and a deployment of '{of.Source}' has none before it is told what to run.",
                $"PATCH /v2/deployments/{of.Id} with source_revision_config, or POST /v2/deployments/{of.Id}/revisions."),
        };
        return new Finding
        {
            Area = FindingAreas.Source,
            Severity = FindingSeverities.Warning,
            Summary = summary,
            Since = of.CreatedAt,
            Action = action,
        };
    }

    private static Finding DeletionOf(ExplainFacts facts)
    {
        var unfinished = facts.Revisions.Where(revision => !revision.Status.IsTerminal()).ToList();
        var remains = facts.Active is { } active ? $"the replicas of revision {active.Number}, its route and its files" : "its files and its row";
        return new Finding
        {
            Area = FindingAreas.Delete,
            Severity = FindingSeverities.Warning,
            Summary = $"The deployment is being deleted; until its listener says that it is done, {remains} may be there.",
            Since = facts.Deployment.UpdatedAt,
            Details = [.. unfinished.Select(revision => $"Revision {revision.Number} is {revision.Status.ToWire()} and is being interrupted.")],
            Action = $"Wait. Should its listener never come back: DELETE /v2/deployments/{facts.Deployment.Id}?force=true forgets it.",
        };
    }

    /// <summary>Something waits for the listener.</summary>
    private static bool IsListenerWanted(ExplainFacts facts) =>
        facts.Revisions.Any(revision => revision.Status is RevisionStatus.AwaitingDeploy or RevisionStatus.Deploying);

    private static string Summary(ExplainFacts facts, bool isServing, bool servesNewest, List<Finding> findings)
    {
        if (servesNewest)
        {
            var pinned = facts.Pin is { } pin && pin.RevisionId == facts.Newest!.Id
                ? $"; it goes back to revision {pin.TargetNumber}, and what revision {pin.LeftNumber} brought was left"
                : "";
            return $"Serves revision {facts.Active!.Number}, the newest, since {Words.At(ServingFindings.DeployedAt(facts, facts.Active))}{pinned}.";
        }

        if (!isServing) return findings[0].Summary;
        var ofNewest = findings.Find(finding => finding.RevisionId == facts.Newest!.Id);
        return $"Serves revision {facts.Active!.Number}, not the newest. {ofNewest?.Summary ?? $"Revision {facts.Newest!.Number} is {facts.Newest.Status.ToWire()}."}";
    }

    private static int Rank(Finding finding) => finding.Severity switch
    {
        FindingSeverities.Error => 0,
        FindingSeverities.Warning => 1,
        _ => 2,
    };
}
