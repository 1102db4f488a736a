using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Listeners;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Explain;

/// <summary>Reads the facts in eight queries at most, each by an index and bounded.</summary>
/// <param name="engines">None where nothing is built.</param>
internal sealed class ReadFacts(
    IDbContextFactory<PilothouseDb> databases, BuildInputs inputs, IEnumerable<IBuildEngine> engines, TimeProvider clock)
{
    private const int MostRevisions = 20;
    private const int MostEvents = 100;
    private const int MostLines = 80;
    private const int MostBuilds = 10;

    private static readonly string[] s_builds = [ControlEventKinds.BuildStarted, ControlEventKinds.BuildSucceeded];

    private static readonly RevisionStatus[] s_ended = [.. Enum.GetValues<RevisionStatus>().Where(status => status.IsTerminal())];

    /// <returns>Null when the workspace has no such deployment.</returns>
    public async Task<ExplainFacts?> RunAsync(WorkspaceId workspace, Guid deployment, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await DeploymentAsync(db, workspace.Value, deployment, cancellationToken) is not { } facts) return null;
        var (latest, active) = (facts.Deployment.LatestRevisionId, facts.Deployment.ActiveRevisionId);
        var revisions = await db.Revisions.AsNoTracking()
            .Where(row => row.DeploymentId == deployment && row.WorkspaceId == workspace.Value)
            .Where(row => row.Id == latest || row.Id == active || !s_ended.Contains(row.Status))
            .OrderByDescending(row => row.Number)
            .Take(MostRevisions)
            .ToListAsync(cancellationToken);
        facts = facts with { Revisions = revisions };
        if (facts.Newest is not { } newest) return facts;

        var events = await db.Events.AsNoTracking()
            .Where(row => row.RevisionId == latest || row.RevisionId == active)
            .OrderByDescending(row => row.Sequence)
            .Take(MostEvents)
            .ToListAsync(cancellationToken);
        events.Reverse();
        facts = facts with
        {
            Events = events,
            Lines = await LinesAsync(db, newest.Id, IsOfBuild(newest.Status), cancellationToken),
            SecretsOpen = newest.Status.IsTerminal() || await inputs.SecretsOpenAsync(newest, cancellationToken),
        };
        if (ServingFindings.Failing(facts) is { } failing && failing.RevisionId != newest.Id)
            facts = facts with { ActiveLines = await LinesAsync(db, failing.RevisionId!.Value, isBuild: false, cancellationToken) };
        return facts.Revisions.Any(row => IsOfBuild(row.Status) && !row.Status.IsTerminal())
            ? await WithBuildsAsync(db, facts, cancellationToken)
            : facts;
    }

    private async Task<ExplainFacts?> DeploymentAsync(PilothouseDb db, Guid workspace, Guid deployment, CancellationToken cancellationToken)
    {
        var read = await db.Deployments.AsNoTracking()
            .Where(row => row.Id == deployment && row.WorkspaceId == workspace)
            .Select(row => new
            {
                Row = row,
                Pin = db.Pins.FirstOrDefault(pin => pin.DeploymentId == row.Id),
                HeardAt = db.ListenerContacts
                    .Where(contact => contact.ListenerId == (row.ListenerId ?? EmbeddedListener.Id))
                    .Select(contact => (DateTimeOffset?)contact.At)
                    .FirstOrDefault(),
                HasUpload = db.Uploads.Any(upload => upload.DeploymentId == row.Id && upload.StoredAt != null),
            })
            .SingleOrDefaultAsync(cancellationToken);
        return read is null
            ? null
            : new ExplainFacts
            {
                Now = clock.GetUtcNow(),
                Deployment = read.Row,
                Pin = read.Pin,
                ListenerHeardAt = read.HeardAt,
                HasUpload = read.HasUpload,
                Builds = engines.Any(),
            };
    }

    private static async Task<IReadOnlyList<LogRow>> LinesAsync(PilothouseDb db, Guid revision, bool isBuild, CancellationToken cancellationToken)
    {
        var lines = await db.Logs.AsNoTracking()
            .Where(row => row.RevisionId == revision && row.IsBuild == isBuild)
            .OrderByDescending(row => row.At).ThenByDescending(row => row.Sequence)
            .Take(MostLines)
            .ToListAsync(cancellationToken);
        lines.Reverse();
        return lines;
    }

    private static async Task<ExplainFacts> WithBuildsAsync(PilothouseDb db, ExplainFacts facts, CancellationToken cancellationToken)
    {
        var mine = facts.Revisions.Where(row => !row.Status.IsTerminal()).Min(row => row.CreatedAt);
        var counts = await db.Revisions
            .Where(row => row.Status == RevisionStatus.Building || (row.Status == RevisionStatus.AwaitingBuild && row.CreatedAt < mine))
            .GroupBy(row => row.Status)
            .Select(group => new { Status = group.Key, Count = group.Count() })
            .ToListAsync(cancellationToken);
        var deployment = facts.Deployment.Id;
        var builds = await db.Events.AsNoTracking()
            .Where(row => row.DeploymentId == deployment && s_builds.Contains(row.Kind))
            .OrderByDescending(row => row.Sequence)
            .Take(2 * MostBuilds)
            .ToListAsync(cancellationToken);
        return facts with
        {
            BuildsUnderWay = counts.Where(one => one.Status == RevisionStatus.Building).Sum(one => one.Count),
            BuildsBefore = counts.Where(one => one.Status == RevisionStatus.AwaitingBuild).Sum(one => one.Count),
            UsualBuild = Usual(builds),
        };
    }

    /// <summary>The median; a build that began again counts from its last beginning.</summary>
    private static TimeSpan? Usual(IEnumerable<EventRow> builds)
    {
        var spans = builds.GroupBy(row => row.RevisionId)
            .Select(one => (
                Began: one.Where(row => row.Kind is ControlEventKinds.BuildStarted).Max(row => (DateTimeOffset?)row.At),
                Ended: one.Where(row => row.Kind is ControlEventKinds.BuildSucceeded).Max(row => (DateTimeOffset?)row.At)))
            .Where(one => one is { Began: not null, Ended: not null })
            .Select(one => one.Ended!.Value - one.Began!.Value)
            .Order()
            .ToList();
        return spans.Count == 0 ? null : spans[spans.Count / 2];
    }

    private static bool IsOfBuild(RevisionStatus status) => status
        is RevisionStatus.Creating or RevisionStatus.Queued or RevisionStatus.AwaitingBuild or RevisionStatus.Building
        or RevisionStatus.BuildFailed or RevisionStatus.CreateFailed;
}
