using System.Globalization;
using System.Text.Json;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Deployments;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;

namespace Pilothouse.Control.Revisions;

/// <summary>
/// A new revision that carries all that an earlier one carried, its secrets included: the way back. What is wanted of the deployment otherwise
/// (secrets, commands) stays, and counts again with the next PATCH.
/// </summary>
internal sealed class RedeployRevision(DeploymentTransactions transactions, DeploymentStore store, PinStore pins)
{
    public Task<Outcome<DeploymentRow>> RunAsync(WorkspaceId workspace, Guid deployment, Guid revision, CancellationToken cancellationToken) =>
        transactions.RunAsync(workspace, deployment, (db, row) => AttemptAsync(db, row, revision, cancellationToken), cancellationToken);

    private async Task<Outcome<DeploymentRow>?> AttemptAsync(PilothouseDb db, DeploymentRow row, Guid revision, CancellationToken cancellationToken)
    {
        var earlier = await ReadRevisions.FindAsync(db, new WorkspaceId(row.WorkspaceId), row.Id, revision, cancellationToken);
        if (earlier is null) return ApiResults.DeploymentNotFound(row.Id);
        if (row.Status == DeploymentStatus.AwaitingDelete) return DeploymentRejections.IsBeingDeleted(row);
        if (await store.FindQueueFullAsync(db, row, cancellationToken) is { } full) return full;
        await pins.AdmitRedeployAsync(db, row, earlier, cancellationToken);

        var told = new Told(
            RequestEventKinds.Redeployed, $"Carries what revision {earlier.Number} carried.", DataOf(earlier));
        var draft = RevisionDraft.Of(earlier);
        var (isWritten, _) = await store.WriteAsync(db, row, draft.MirroredIn(DeploymentSpec.Of(row)), draft, [told], cancellationToken);
        if (!isWritten) return null;
        return row;
    }

    private static JsonElement DataOf(RevisionRow earlier)
    {
        using var document = JsonDocument.Parse(string.Create(
            CultureInfo.InvariantCulture, $$"""{"revision_id":"{{earlier.Id}}","number":{{earlier.Number}}}"""));
        return document.RootElement.Clone();
    }
}
