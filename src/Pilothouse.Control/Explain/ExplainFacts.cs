using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Explain;

/// <summary>All that an explanation rests on, read at one moment.</summary>
internal sealed record ExplainFacts
{
    public required DateTimeOffset Now { get; init; }
    public required DeploymentRow Deployment { get; init; }

    /// <summary>The newest, the active and the unfinished ones, newest first.</summary>
    public IReadOnlyList<RevisionRow> Revisions { get; init; } = [];

    /// <summary>Of the newest and the active revision, oldest first.</summary>
    public IReadOnlyList<EventRow> Events { get; init; } = [];

    /// <summary>The end of the log that concerns the newest revision, oldest first: its build's, or its replicas'.</summary>
    public IReadOnlyList<LogRow> Lines { get; init; } = [];

    /// <summary>The end of the log of the active revision's replicas, where they keep ending.</summary>
    public IReadOnlyList<LogRow> ActiveLines { get; init; } = [];

    public PinRow? Pin { get; init; }

    /// <summary>When the deployment's listener was last heard of; null: never.</summary>
    public DateTimeOffset? ListenerHeardAt { get; init; }

    /// <summary>An archive of it has arrived.</summary>
    public bool HasUpload { get; init; }

    /// <summary>This control plane has an engine for builds.</summary>
    public bool Builds { get; init; } = true;

    /// <summary>Builds that run, and revisions whose turn to be built comes earlier: of all workspaces, so nothing but numbers.</summary>
    public int BuildsUnderWay { get; init; }

    public int BuildsBefore { get; init; }

    /// <summary>What a build of this deployment took lately; null: none did.</summary>
    public TimeSpan? UsualBuild { get; init; }

    /// <summary>The secrets of the newest revision can be decrypted.</summary>
    public bool SecretsOpen { get; init; } = true;

    public RevisionRow? Newest => Revisions.Count == 0 ? null : Revisions[0];

    public RevisionRow? Active => Revisions.FirstOrDefault(revision => revision.Id == Deployment.ActiveRevisionId);

    /// <summary>The last of its kind of a revision.</summary>
    public EventRow? Last(Guid revision, params ReadOnlySpan<string> kinds)
    {
        for (var at = Events.Count - 1; at >= 0; at--)
        {
            if (Events[at].RevisionId == revision && kinds.Contains(Events[at].Kind)) return Events[at];
        }

        return null;
    }
}
