using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Listeners;

/// <summary>Changes version and namespaces. A namespace that deployments are placed in stays, since they stay in it.</summary>
internal sealed class PatchListener(IDbContextFactory<PilothouseDb> databases, TimeProvider clock)
{
    public async Task<Outcome<ListenerRow>> RunAsync(
        WorkspaceId workspace, Guid listener, PatchListenerRequest request, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(listener, cancellationToken);
        if (await db.Listeners.Of(workspace, listener).SingleOrDefaultAsync(cancellationToken) is not { } row)
            return ListenerRejections.NotFound(listener);

        var refusals = new Refusals();
        Same("compute_type", request.ComputeType, row.ComputeType, refusals);
        Same("compute_id", request.ComputeId, row.ComputeId, refusals);
        if (refusals.ToRejection() is { } refused) return refused;
        if (request.Patch.ComputeConfig is { K8sNamespaces: { } namespaces } config)
        {
            if (row.ComputeType is ComputeTypes.Process)
                return new Rejection(Codes.Invalid, "compute_config.k8s_namespaces: a listener of the compute_type 'process' has none.");
            if (await FindInUseAsync(db, row, namespaces, cancellationToken) is { } inUse) return inUse;
            row.ComputeConfig = ListenerAnswer.Stored(config);
        }

        row.Version = request.Patch.Version ?? row.Version;
        if (db.ChangeTracker.HasChanges())
        {
            row.UpdatedAt = DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds());
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return row;
    }

    private static async Task<Rejection?> FindInUseAsync(
        PilothouseDb db, ListenerRow row, IReadOnlyList<string> kept, CancellationToken cancellationToken)
    {
        var removed = ListenerAnswer.NamespacesOf(row).Except(kept, StringComparer.Ordinal).ToList();
        if (removed.Count == 0) return null;
        var configs = await db.Deployments
            .Where(deployment => deployment.ListenerId == row.Id)
            .Select(deployment => deployment.SourceConfig)
            .ToListAsync(cancellationToken);
        var used = configs
            .Select(config => JsonSerializer.Deserialize(config, ApiJson.Default.SourceConfig)?.ListenerConfig?.K8sNamespace)
            .Where(name => removed.Contains(name, StringComparer.Ordinal))
            .GroupBy(name => name!, StringComparer.Ordinal)
            .MinBy(same => same.Key, StringComparer.Ordinal);
        return used is null ? null : ListenerRejections.NamespaceInUse(row.Id, used.Key, used.Count());
    }

    private static void Same(string field, string? sent, string stored, Refusals refusals)
    {
        if (sent is not null && !string.Equals(sent, stored, StringComparison.Ordinal)) refusals.Add($"{field} cannot be changed", Codes.Immutable);
    }
}
