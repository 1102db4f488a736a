using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tracing;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;

namespace Pilothouse.Control.Deployments;

/// <summary>
/// Records that a deployment must go. It leaves the lists at once; its listener ends what runs, and then the row goes and the name is free.
/// </summary>
internal sealed class DeleteDeployment(DeploymentTransactions transactions, DeploymentStore store, WantTracingDeletion tracing)
{
    /// <summary>Safe to repeat.</summary>
    /// <param name="isForced">The second step: forget a deployment that was deleted before, whatever still runs of it.</param>
    /// <param name="withTracing">Its tracing project goes too, once the deployment is gone.</param>
    public async Task<Outcome<Guid>> RunAsync(
        WorkspaceId workspace, Guid deployment, bool isForced, bool withTracing, CancellationToken cancellationToken)
    {
        var outcome = await transactions.RunAsync<Guid>(
            workspace,
            deployment,
            async (db, row) =>
            {
                var deleted = isForced ? await PurgeAsync(db, row, cancellationToken) : await DeleteAsync(db, row, cancellationToken);
                if (withTracing && deleted is { IsAccepted: true }) await tracing.RecordAsync(db, row, cancellationToken);
                return deleted;
            },
            cancellationToken);
        if (withTracing && outcome.IsAccepted) tracing.Signal(deployment);
        return outcome;
    }

    /// <summary>Each on its own, so that one that fails keeps no other.</summary>
    public async Task<DeletedDeployments> RunAsync(WorkspaceId workspace, IReadOnlyList<Guid> deployments, CancellationToken cancellationToken)
    {
        var deleted = new List<Guid>();
        var failed = new List<UndeletedDeployment>();
        foreach (var deployment in deployments.Distinct())
        {
            var outcome = await RunAsync(workspace, deployment, isForced: false, withTracing: false, cancellationToken);
            if (outcome.IsAccepted) deleted.Add(deployment);
            else failed.Add(new UndeletedDeployment(deployment, outcome.Rejection.Message));
        }

        return new DeletedDeployments(deleted, failed);
    }

    private async Task<Outcome<Guid>?> DeleteAsync(PilothouseDb db, DeploymentRow row, CancellationToken cancellationToken)
    {
        if (row.Status == DeploymentStatus.AwaitingDelete) return row.Id;
        return await store.WantDeletedAsync(db, row, cancellationToken) ? row.Id : null;
    }

    private static async Task<Outcome<Guid>?> PurgeAsync(PilothouseDb db, DeploymentRow row, CancellationToken cancellationToken)
    {
        if (row.Status != DeploymentStatus.AwaitingDelete)
            return new Rejection(Codes.NotDeleted, $"Deployment ID {row.Id} was not deleted before: delete it without 'force' first.");
        return await DeploymentStore.PurgeAsync(db, row, cancellationToken) ? row.Id : null;
    }
}
