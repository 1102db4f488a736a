using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Revisions;

/// <param name="Statuses">Null: all.</param>
/// <param name="IsRemote">Null: all; else whether a listener of the workspace's own serves the deployment.</param>
internal sealed record RevisionsQuery(IReadOnlyList<RevisionStatus>? Statuses, bool? IsRemote, int Limit, int Offset);

internal sealed class ReadRevisions(IDbContextFactory<PilothouseDb> databases, OpenContexts contexts)
{
    private static readonly Func<PilothouseDb, Guid, Guid, Guid, CancellationToken, Task<RevisionRow?>> s_find = EF.CompileAsyncQuery(
        (PilothouseDb db, Guid workspace, Guid deployment, Guid revision, CancellationToken cancellationToken) => db.Revisions.AsNoTracking()
            .FirstOrDefault(row => row.Id == revision && row.DeploymentId == deployment && row.WorkspaceId == workspace));

    public Task<RevisionRow?> FindAsync(WorkspaceId workspace, Guid deployment, Guid revision, CancellationToken cancellationToken) =>
        contexts.UseAsync(db => FindAsync(db, workspace, deployment, revision, cancellationToken), cancellationToken);

    public static Task<RevisionRow?> FindAsync(
        PilothouseDb db, WorkspaceId workspace, Guid deployment, Guid revision, CancellationToken cancellationToken) =>
        s_find(db, workspace.Value, deployment, revision, cancellationToken);

    /// <summary>Newest first.</summary>
    /// <returns>Null when there is no such deployment.</returns>
    public async Task<IReadOnlyList<RevisionRow>?> ListAsync(
        WorkspaceId workspace, Guid deployment, RevisionsQuery query, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var owner = await db.Deployments
            .Where(row => row.Id == deployment && row.WorkspaceId == workspace.Value)
            .Select(row => new { IsRemote = row.ListenerId != null })
            .SingleOrDefaultAsync(cancellationToken);
        if (owner is null) return null;
        if (query.IsRemote is { } isRemote && isRemote != owner.IsRemote) return [];

        var rows = db.Revisions.AsNoTracking().Where(row => row.DeploymentId == deployment && row.WorkspaceId == workspace.Value);
        if (query.Statuses is { } statuses) rows = rows.Where(row => statuses.Contains(row.Status));
        return await rows.OrderByDescending(row => row.Number).Skip(query.Offset).Take(query.Limit).ToListAsync(cancellationToken);
    }
}
