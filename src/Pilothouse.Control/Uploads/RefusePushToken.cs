using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;

namespace Pilothouse.Control.Uploads;

/// <summary>There is no registry to push to; says so in words that the clients show.</summary>
internal sealed class RefusePushToken(IDbContextFactory<PilothouseDb> databases)
{
    public async Task<Rejection> RunAsync(WorkspaceId workspace, Guid deployment, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var row = await db.Deployments.AsNoTracking()
            .SingleOrDefaultAsync(row => row.Id == deployment && row.WorkspaceId == workspace.Value, cancellationToken);
        if (row is null || row.Status == DeploymentStatus.AwaitingDelete) return ApiResults.DeploymentNotFound(deployment);

        // Clients look for these words.
        if (!InternalSources.Has(row.Source))
            return new Rejection(Codes.WrongSource, "Push tokens are only available for 'internal_docker' source deployments.");
        return new Rejection(
            Codes.Invalid,
            "This control plane has no image registry: image builds need a container runtime, and none is configured. Deploy from source with --remote.");
    }
}
