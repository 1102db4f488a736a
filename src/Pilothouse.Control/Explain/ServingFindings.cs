using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Explain;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Explain;

/// <summary>Of what serves, and of what holds for the deployment as a whole.</summary>
internal static class ServingFindings
{
    /// <summary>A listener asks at least each minute, and is noted to within half a minute.</summary>
    private static readonly TimeSpan s_silent = TimeSpan.FromMinutes(3);

    /// <summary>The active revision's server keeps ending, so callers find nobody.</summary>
    /// <returns>Null when it does not.</returns>
    public static Finding? Failing(ExplainFacts facts)
    {
        if (facts.Active is not { } active) return null;
        var told = facts.Last(
            active.Id, ListenerEventKinds.Failing, ListenerEventKinds.Recovered, ListenerEventKinds.Started, ListenerEventKinds.Switched, ControlEventKinds.Deployed);
        if (told is not { Kind: ListenerEventKinds.Failing }) return null;
        var lines = facts.Newest?.Id == active.Id ? facts.Lines : facts.ActiveLines;
        return StartFindings.Read(told) is { } how
            ? StartFindings.Ended(active, how, $"Revision {active.Number} is the one that serves, and its server keeps ending", lines) with { Since = told.At }
            : new Finding
            {
                Area = FindingAreas.Start,
                Severity = FindingSeverities.Error,
                Summary = told.Message,
                Since = told.At,
                Details = LinesThatMatter.Of(lines),
                Action = "Mend what its last lines name, or roll back.",
                RevisionId = active.Id,
            };
    }

    public static Finding Healthy(ExplainFacts facts, RevisionRow active)
    {
        var since = DeployedAt(facts, active);
        return new Finding
        {
            Area = FindingAreas.Route,
            Severity = FindingSeverities.Info,
            Summary = $"Serves revision {active.Number} since {Words.At(since)}.",
            Since = since,
            Action = "Nothing.",
            RevisionId = active.Id,
        };
    }

    public static Finding OlderServes(ExplainFacts facts, RevisionRow active)
    {
        var since = DeployedAt(facts, active);
        return new Finding
        {
            Area = FindingAreas.Route,
            Severity = FindingSeverities.Info,
            Summary = $"Revision {active.Number} goes on serving, since {Words.At(since)}; the newest is revision {facts.Newest!.Number}.",
            Since = since,
            Action = "Nothing: it serves until a newer one is healthy.",
            RevisionId = active.Id,
        };
    }

    public static DateTimeOffset DeployedAt(ExplainFacts facts, RevisionRow active) =>
        facts.Last(active.Id, ControlEventKinds.Deployed)?.At ?? active.UpdatedAt;

    public static Finding? Pin(ExplainFacts facts)
    {
        if (facts.Pin is not { } pin) return null;
        return new Finding
        {
            Area = FindingAreas.Source,
            Severity = FindingSeverities.Info,
            Summary = $"The deployment is rolled back to revision {pin.TargetNumber} by revision {pin.RevisionNumber}; revision {pin.LeftNumber} was left, and nothing automatic brings it back.",
            Since = pin.PinnedAt,
            Details = pin.Reason is { } reason ? [$"Reason: {reason}"] : [],
            Action = $"To let new source in again: POST /v2/deployments/{pin.DeploymentId}/resume, or 'pilothouse resume'. A deploy of another source does so by itself.",
            RevisionId = pin.RevisionId,
        };
    }

    /// <param name="isWanted">Something waits for it.</param>
    public static Finding? Listener(ExplainFacts facts, bool isWanted)
    {
        if (facts.ListenerHeardAt is { } heard && facts.Now - heard <= s_silent) return null;
        var who = facts.Deployment.ListenerId is { } id ? $"listener {id}" : "the control plane's own listener";
        var action = facts.Deployment.ListenerId is null
            ? "Look at the control plane's own log; 'pilothouse serve' runs the listener inside."
            : "Start it on its machine; 'pilothouse-server listener doctor' there, with its own options, says which hop is broken.";
        if (facts.ListenerHeardAt is { } last)
        {
            return Of(
                isWanted ? FindingSeverities.Error : FindingSeverities.Warning,
                $"Nothing was heard of {who} since {Words.At(last)}: what runs goes on, and changes wait.", last, action);
        }

        return isWanted || facts.Deployment.ListenerId is not null
            ? Of(isWanted ? FindingSeverities.Error : FindingSeverities.Warning, $"Nothing was ever heard of {who}.", facts.Deployment.CreatedAt, action)
            : null;
    }

    private static Finding Of(string severity, string summary, DateTimeOffset since, string action) => new()
    {
        Area = FindingAreas.Listener,
        Severity = severity,
        Summary = summary,
        Since = since,
        Action = action,
    };
}
