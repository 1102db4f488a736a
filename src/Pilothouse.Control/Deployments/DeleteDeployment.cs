using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;

namespace Pilothouse.Control.Deployments;

/// <summary>
/// Records that a deployment must go. It leaves the lists at once; its listener ends what runs, and then the row goes and the name is free.
/// </summary>
internal sealed class DeleteDeployment(DeploymentTransactions transactions, DeploymentStore store)
{
    /// <summary>Safe to repeat.</summary>
    /// <param name="isForced">The second step: forget a deployment that was deleted before, whatever still runs of it.</param>
    public Task<Outcome<Guid>> RunAsync(WorkspaceId workspace, Guid deployment, bool isForced, CancellationToken cancellationToken) =>
        transactions.RunAsync<Guid>(
            workspace,
            deployment,
            (db, row) => isForced ? PurgeAsync(db, row, cancellationToken) : DeleteAsync(db, row, cancellationToken),
            cancellationToken);

    /// <summary>Each on its own, so that one that fails keeps no other.</summary>
    public async Task<DeletedDeployments> RunAsync(WorkspaceId workspace, IReadOnlyList<Guid> deployments, CancellationToken cancellationToken)
    {
        var deleted = new List<Guid>();
        var failed = new List<UndeletedDeployment>();
        foreach (var deployment in deployments.Distinct())
        {
            var outcome = await RunAsync(workspace, deployment, isForced: false, cancellationToken);
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
