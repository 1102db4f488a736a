using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Listeners;

/// <summary>
/// Forgets a listener that nothing is bound to. Deployments on their way out count too: nobody but their listener can end what runs of them.
/// </summary>
internal sealed class DeleteListener(IDbContextFactory<PilothouseDb> databases)
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

        await db.Listeners.Of(workspace, listener).ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }
}
