using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Events;

/// <param name="Revision">Null: all of the deployment's.</param>
internal sealed record EventsOf(WorkspaceId Workspace, Guid Deployment, Guid? Revision);

internal sealed class EventReader(IDbContextFactory<PilothouseDb> databases)
{
    /// <summary>Oldest first.</summary>
    /// <returns>Null when there is no such deployment, or revision.</returns>
    public async Task<IReadOnlyList<RevisionEvent>?> AfterAsync(EventsOf of, long after, int limit, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var exists = of.Revision is { } id
            ? await db.Revisions.AnyAsync(
                row => row.Id == id && row.DeploymentId == of.Deployment && row.WorkspaceId == of.Workspace.Value, cancellationToken)
            : await db.Deployments.AnyAsync(row => row.Id == of.Deployment && row.WorkspaceId == of.Workspace.Value, cancellationToken);
        if (!exists) return null;

        var rows = await db.Events.AsNoTracking()
            .Where(row => row.WorkspaceId == of.Workspace.Value && row.DeploymentId == of.Deployment && row.Sequence > after)
            .Where(row => of.Revision == null || row.RevisionId == of.Revision)
            .OrderBy(row => row.Sequence)
            .Take(limit)
            .ToListAsync(cancellationToken);
        return [.. rows.Select(Answer)];
    }

    private static RevisionEvent Answer(EventRow row) => new(
        row.Sequence, row.DeploymentId, row.RevisionId, row.At, row.Kind, row.Message, row.Data is { } data ? Parse(data) : null, row.Status);

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
