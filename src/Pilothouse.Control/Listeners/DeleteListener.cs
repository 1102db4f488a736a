using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Listeners;

/// <summary>
/// Forgets a listener that nothing is bound to, and its keys. Deployments on their way out count too: nobody but their listener can end what runs of them.
/// </summary>
internal sealed class DeleteListener(IDbContextFactory<PilothouseDb> databases, AccessCaches caches, TimeProvider clock)
{
    /// <returns>Null when it is gone.</returns>
    public async Task<Rejection?> RunAsync(WorkspaceId workspace, Guid listener, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(listener, cancellationToken);
        if (!await db.Listeners.Of(workspace, listener).AnyAsync(cancellationToken)) return ListenerRejections.NotFound(listener);
        var bound = await db.Deployments.CountAsync(row => row.ListenerId == listener, cancellationToken);
        if (bound > 0) return ListenerRejections.HasDeployments(listener, bound);

        var now = clock.GetUtcNow();
        await db.ApiKeys.Where(row => row.ListenerId == listener && row.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), cancellationToken);
        await db.ListenerContacts.Where(row => row.ListenerId == listener).ExecuteDeleteAsync(cancellationToken);
        await db.Listeners.Of(workspace, listener).ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        caches.Forget();
        return null;
    }
}
