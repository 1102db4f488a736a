using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Listeners;

/// <summary>From rows to what a listener shall do.</summary>
internal sealed class ReadWanted(AgentEnvironment environment, ILogger<ReadWanted> logger)
{
    /// <summary>What was made but is not wanted yet has the position 0.</summary>
    private const long BeforeAll = -1;

    /// <summary>
    /// The feed holds the present state of each deployment, so no position is too old for it; one ahead of it comes from before the store was put
    /// back to an earlier copy.
    /// </summary>
    public async Task<PullAnswer> AnswerAsync(PilothouseDb db, PullRequest request, CancellationToken cancellationToken)
    {
        var last = await Counters.LastChangeAsync(db, cancellationToken);
        var isFull = request.Cursor <= 0 || request.Cursor > last;
        var deployments = await AfterAsync(db, request.ListenerId, isFull ? BeforeAll : request.Cursor, cancellationToken);
        return new PullAnswer(last, isFull, [.. deployments.Select(one => one.Wanted)]);
    }

    /// <summary>Deployments of the listener that changed after that position.</summary>
    public async Task<IReadOnlyList<(WantedDeployment Wanted, long ChangedAt)>> AfterAsync(
        PilothouseDb db, Guid listener, long position, CancellationToken cancellationToken)
    {
        var deployments = await db.Deployments.AsNoTracking().ServedBy(listener)
            .Where(row => row.ChangedAt > position)
            .OrderBy(row => row.ChangedAt)
            .ToListAsync(cancellationToken);
        if (deployments.Count == 0) return [];
        var revisions = await RevisionsAsync(db, deployments, cancellationToken);

        var wanted = new List<(WantedDeployment, long)>(deployments.Count);
        foreach (var deployment in deployments)
            wanted.Add((await WantedAsync(deployment, revisions, cancellationToken), deployment.ChangedAt));
        return wanted;
    }

    /// <summary>
    /// The revision to bring up: the one in flight, else one that was late and is still given its chance. Said so that SQLite looks at the revisions of
    /// those deployments: by the status it would read each revision of the store that ever failed.
    /// </summary>
    internal static IQueryable<RevisionRow> NextOnes(IQueryable<RevisionRow> rows) => rows.Where(row =>
        row.Status == RevisionStatus.DeployFailed ? row.IsLate : row.Status == RevisionStatus.AwaitingDeploy || row.Status == RevisionStatus.Deploying);

    private static async Task<ILookup<Guid, RevisionRow>> RevisionsAsync(
        PilothouseDb db, List<DeploymentRow> deployments, CancellationToken cancellationToken)
    {
        var owners = deployments.Select(row => row.Id).ToList();
        var active = deployments.Select(row => row.ActiveRevisionId).OfType<Guid>().ToList();
        var next = await NextOnes(db.Revisions.AsNoTracking().Where(row => owners.Contains(row.DeploymentId))).ToListAsync(cancellationToken);
        var serving = await db.Revisions.AsNoTracking().Where(row => active.Contains(row.Id)).ToListAsync(cancellationToken);
        return next.Concat(serving).DistinctBy(row => row.Id).ToLookup(row => row.DeploymentId);
    }

    private async Task<WantedDeployment> WantedAsync(
        DeploymentRow deployment, ILookup<Guid, RevisionRow> revisions, CancellationToken cancellationToken)
    {
        var isDeleted = deployment.Status == DeploymentStatus.AwaitingDelete;
        var active = isDeleted ? null : revisions[deployment.Id].FirstOrDefault(row => row.Id == deployment.ActiveRevisionId);
        var next = isDeleted
            ? null
            : revisions[deployment.Id].Where(row => row.Id != deployment.ActiveRevisionId).MaxBy(row => (!row.Status.IsTerminal(), row.Number));
        return new WantedDeployment
        {
            Id = deployment.Id,
            WorkspaceId = deployment.WorkspaceId,
            Name = deployment.Name,
            RouteLabel = RouteLabel.Of(deployment.Name, new DeploymentId(deployment.Id)),
            Generation = deployment.Generation,
            IsDeleted = isDeleted,
            Active = await RevisionAsync(deployment, active, cancellationToken),
            Next = await RevisionAsync(deployment, next, cancellationToken),
        };
    }

    /// <summary>
    /// One that cannot be told keeps nobody else waiting: the listener then leaves running what runs. Nothing in the store can be wrong but by a
    /// hand or a disk.
    /// </summary>
    private async Task<WantedRevision?> RevisionAsync(DeploymentRow deployment, RevisionRow? revision, CancellationToken cancellationToken)
    {
        if (revision is not { ArtifactDigest: { } digest, LaunchSpec: { } launch }) return null;
        try
        {
            var spec = LaunchSpecJson.Read(launch);
            var limits = ReplicaLimits.Of(revision.DeploymentType ?? deployment.DeploymentType);
            return new WantedRevision
            {
                Id = revision.Id,
                Number = revision.Number,
                ArtifactDigest = digest,
                LaunchSpec = LaunchSpecJson.WriteElement(spec),
                Environment = await environment.OfAsync(deployment, revision, spec, cancellationToken),
                CpuCores = limits.CpuCores,
                MemoryBytes = limits.MemoryBytes,
                TraceParent = revision.TraceParent,
            };
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or JsonException)
        {
            logger.RevisionUnreadable(unreadable, deployment.Id, revision.Id);
            return null;
        }
    }
}
