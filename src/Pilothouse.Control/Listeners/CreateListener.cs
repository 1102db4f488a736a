using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Listeners;

/// <summary>Makes a listener known, so that deployments can be bound to it; the listener itself is started by its operator.</summary>
internal sealed class CreateListener(IDbContextFactory<PilothouseDb> databases, TimeProvider clock)
{
    public async Task<Outcome<ListenerRow>> RunAsync(WorkspaceId workspace, ListenerCreate wanted, CancellationToken cancellationToken)
    {
        var now = DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds());
        var row = new ListenerRow
        {
            Id = TimeOrderedUuid.New(),
            WorkspaceId = workspace.Value,
            ComputeType = wanted.ComputeType,
            ComputeId = wanted.ComputeId,
            ComputeConfig = ListenerAnswer.Stored(wanted.ComputeConfig),
            Version = wanted.Version,
            CreatedAt = now,
            UpdatedAt = now,
        };
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        db.Listeners.Add(row);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException taken) when (taken.IsUniqueViolationOf("listeners", "compute_id"))
        {
            return ListenerRejections.Exists(workspace, wanted.ComputeId);
        }

        return row;
    }
}
