using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Tracing;

/// <summary>Records that a deployment's tracing project must go with it.</summary>
internal sealed class WantTracingDeletion(TracingApi api, TimeProvider clock, ILogger<WantTracingDeletion> logger)
{
    /// <summary>Set once before the loop starts.</summary>
    public Action<DeploymentId> OnWanted { get; set; } = _ => { };

    /// <summary>Joins the caller's transaction; safe to repeat. Agents' projects are not the deployment's and stay.</summary>
    public async Task RecordAsync(PilothouseDb db, DeploymentRow row, CancellationToken cancellationToken)
    {
        if (row.AgentId is not null) return;
        if (!api.IsConfigured)
        {
            logger.NoTracingEndpoint(row.Id);
            return;
        }

        if (await db.TracingDeletions.AnyAsync(known => known.DeploymentId == row.Id, cancellationToken)) return;
        db.TracingDeletions.Add(new TracingDeletionRow
        {
            DeploymentId = row.Id,
            WorkspaceId = row.WorkspaceId,
            Name = row.Name,
            RequestedAt = clock.GetUtcNow(),
        });
        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>After the commit.</summary>
    public void Signal(Guid deployment) => OnWanted(new DeploymentId(deployment));
}
