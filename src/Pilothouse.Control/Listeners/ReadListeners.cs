using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Listeners;

internal sealed class ReadListeners(IDbContextFactory<PilothouseDb> databases)
{
    public async Task<ListenerRow?> FindAsync(WorkspaceId workspace, Guid listener, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Listeners.AsNoTracking().Of(workspace, listener).SingleOrDefaultAsync(cancellationToken);
    }

    /// <summary>When each was last heard of; those that never were are missing.</summary>
    public async Task<IReadOnlyDictionary<Guid, DateTimeOffset>> SeenAsync(IEnumerable<ListenerRow> rows, CancellationToken cancellationToken)
    {
        var ids = rows.Select(row => row.Id).ToList();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.ListenerContacts.AsNoTracking().Where(contact => ids.Contains(contact.ListenerId))
            .ToDictionaryAsync(contact => contact.ListenerId, contact => contact.At, cancellationToken);
    }

    /// <summary>Oldest first: what is made while somebody pages comes at the end.</summary>
    public async Task<IReadOnlyList<ListenerRow>> ListAsync(WorkspaceId workspace, int limit, int offset, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Listeners.AsNoTracking()
            .Where(row => row.WorkspaceId == workspace.Value)
            .OrderBy(row => row.CreatedAt)
            .ThenBy(row => row.Id)
            .Skip(offset)
            .Take(limit)
            .ToListAsync(cancellationToken);
    }
}

internal static class ListenersOfWorkspaces
{
    /// <summary>None when it is another workspace's, or the one inside <c>serve</c>.</summary>
    public static IQueryable<ListenerRow> Of(this IQueryable<ListenerRow> rows, WorkspaceId workspace, Guid listener) =>
        rows.Where(row => row.Id == listener && row.WorkspaceId == workspace.Value);
}
