using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Integrations;
using Pilothouse.Control.Revisions;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Uploads;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;

namespace Pilothouse.Control.Deployments;

/// <param name="Revision">Null when none followed.</param>
internal sealed record PatchedDeployment(DeploymentRow Row, RevisionRow? Revision);

/// <summary>Changes what is wanted of a deployment; where that needs a revision, it is there before the answer.</summary>
internal sealed class PatchDeployment(DeploymentTransactions transactions, DeploymentStore store, PinStore pins, SecretVault vault, UploadArrivals arrivals)
{
    /// <param name="isAlways">Make a revision whatever the request brings.</param>
    public async Task<Outcome<PatchedDeployment>> RunAsync(
        WorkspaceId workspace, Guid deployment, PatchRequest request, AgentUrlBase urls, bool isAlways, CancellationToken cancellationToken)
    {
        // Before the transaction: the storage is asked.
        if (request.Patch.SourceRevisionConfig?.SourceTarballPath is { } path && await arrivals.TakeAsync(workspace, deployment, path, cancellationToken) is { } refused)
            return refused;
        return await transactions.RunAsync(
            workspace,
            deployment,
            (db, row) => AttemptAsync(db, row, request, urls, isAlways, cancellationToken),
            concernsLoops: patched => patched.Revision is not null,
            cancellationToken);
    }

    private async Task<Outcome<PatchedDeployment>?> AttemptAsync(
        PilothouseDb db, DeploymentRow row, PatchRequest request, AgentUrlBase urls, bool isAlways, CancellationToken cancellationToken)
    {
        if (row.Status == DeploymentStatus.AwaitingDelete) return DeploymentRejections.IsBeingDeleted(row);
        var current = DeploymentSpec.Of(row);
        var patch = request.Patch;
        var refusals = new Refusals();
        PatchRules.Check(row, current, request, urls.Of(row), refusals);
        if (patch.SourceRevisionConfig?.SourceTarballPath is { } path) await UploadRules.CheckAsync(db, row, path, refusals, cancellationToken);
        await CheckRepositoryAsync(db, row, current.SourceConfig, patch.SourceConfig?.RepoUrl, refusals, cancellationToken);
        var ofSource = PatchRules.IsSourcePossible(row, patch) ? refusals : new Refusals();
        var plan = PatchPlanner.Plan(row.Source, current, await LatestSourceAsync(db, row, cancellationToken), patch, isAlways, ofSource);
        if (refusals.ToRejection() is { } refused) return refused;

        var wanted = await WithSecretsAsync(row, current, patch, cancellationToken) with
        {
            SourceConfig = plan.SourceConfig,
            SecretReferences = patch.SecretReferences ?? current.SecretReferences,
            TrackedPackages = patch.TrackedPackages ?? current.TrackedPackages,
        };
        if (plan.RevisionSource is null && wanted == current) return new PatchedDeployment(row, Revision: null);
        if (plan.RevisionSource is not null && await store.FindQueueFullAsync(db, row, cancellationToken) is { } full) return full;
        if (plan.RevisionSource is { } of
            && await pins.AdmitAsync(db, row, of, plan.Config, PatchPlanner.NamesSource(patch), cancellationToken) is { } held) return held;

        var draft = plan.RevisionSource is { } source
            ? RevisionDraft.Of(source, plan.Config, wanted, row.DeploymentType)
            : null;
        var (isWritten, revision) = await store.WriteAsync(db, row, wanted, draft, Told(current, patch), cancellationToken);
        if (!isWritten) return null;
        return new PatchedDeployment(row, revision);
    }

    /// <summary>Of a repository that moves; the one that is there was asked for when it came.</summary>
    private static async Task CheckRepositoryAsync(
        PilothouseDb db, DeploymentRow row, SourceConfig stored, string? wanted, Refusals refusals, CancellationToken cancellationToken)
    {
        if (row.Source is not Sources.GitHub || wanted is null || string.Equals(wanted, stored.RepoUrl, StringComparison.Ordinal)) return;
        var isReadable = stored.IntegrationId is { } integration
            && await RepositoryAccess.IsReadableAsync(db, new WorkspaceId(row.WorkspaceId), integration, wanted, cancellationToken);
        if (!isReadable) refusals.Add(RepositoryAccess.NoPermission, Codes.SourceConfiguration);
    }

    private static async Task<string?> LatestSourceAsync(PilothouseDb db, DeploymentRow row, CancellationToken cancellationToken) =>
        row.LatestRevisionId is { } latest
            ? await db.Revisions
                .Where(revision => revision.Id == latest && revision.WorkspaceId == row.WorkspaceId)
                .Select(revision => revision.Source)
                .SingleOrDefaultAsync(cancellationToken)
            : null;

    private async Task<DeploymentSpec> WithSecretsAsync(
        DeploymentRow row, DeploymentSpec current, DeploymentPatch patch, CancellationToken cancellationToken)
    {
        if (PatchPlanner.KeepsSecrets(patch)) return current;
        var workspace = new WorkspaceId(row.WorkspaceId);
        var values = patch.Secrets!.ToDictionary(secret => secret.Name, secret => secret.Value, StringComparer.Ordinal);
        if (values.ContainsValue(SecretRules.Mask))
        {
            var stored = await vault.OpenAsync(workspace, current.SecretValues, cancellationToken);
            foreach (var secret in patch.Secrets!.Where(secret => secret.Value is SecretRules.Mask)) values[secret.Name] = stored[secret.Name];
        }

        return current with
        {
            SecretNames = [.. patch.Secrets!.Select(secret => secret.Name)],
            SecretValues = await vault.SealAsync(workspace, values, cancellationToken),
        };
    }

    private static IReadOnlyList<Told> Told(DeploymentSpec current, DeploymentPatch patch) =>
        PatchPlanner.IsEmptyBesideNewSource(patch) && current.SecretNames.Count > 0
            ? [new Told(
                RequestEventKinds.SecretsKept,
                $"The request brought new source and an empty list of secrets; the {current.SecretNames.Count} stored were left alone. "
                + "An empty list without new source clears them.")]
            : [];
}
