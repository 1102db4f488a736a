using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Events;

/// <summary>What happened to a revision, told once and for ever; read through <c>GET …/events</c>.</summary>
internal static class RevisionEvents
{
    /// <summary>Joins the caller's transaction, so that a thing is never told that was rolled back. A key that is there already adds nothing.</summary>
    /// <param name="key">Unique within the deployment, e.g. <c>build_started:{revision:N}:1</c>.</param>
    /// <param name="kind">Constant word, e.g. <c>build_started</c>.</param>
    /// <param name="message">One sentence for people.</param>
    /// <param name="status">The revision's from now on; null where the event changes none.</param>
    public static async Task AddAsync(
        PilothouseDb db, EventOf of, string key, DateTimeOffset at, string kind, string message, JsonElement? data, CancellationToken cancellationToken,
        string? status = null) =>
        await db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO events (workspace_id, deployment_id, revision_id, key, at, kind, message, data, status)
             VALUES ({of.Workspace}, {of.Deployment}, {of.Revision}, {key}, {db.ToColumn(at)}, {kind}, {message}, {data?.GetRawText()}, {status})
             ON CONFLICT (deployment_id, key) DO NOTHING
             """, cancellationToken);
}

/// <param name="Revision">Null for what concerns the deployment as a whole.</param>
internal sealed record EventOf(Guid Workspace, Guid Deployment, Guid? Revision)
{
    public static EventOf This(RevisionRow row) => new(row.WorkspaceId, row.DeploymentId, row.Id);
}
