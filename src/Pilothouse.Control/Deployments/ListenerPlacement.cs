using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Listeners;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Deployments;

/// <summary>Where a deployment of a remote listener goes; fixed for its life.</summary>
internal static class ListenerPlacement
{
    /// <summary>Clients look for <c>listener_id' is required</c>.</summary>
    private const string Required = "Source configuration error: 'source_config.listener_id' is required for 'external_docker' source";

    /// <summary>
    /// A listener with one namespace needs none named. A workspace with listeners of its own runs external images on them and nowhere else; what
    /// is built here runs here.
    /// </summary>
    /// <returns>Null when no listener is named.</returns>
    public static async Task<ListenerConfig?> FindAsync(
        PilothouseDb db, WorkspaceId workspace, string source, SourceConfig config, Refusals refusals, CancellationToken cancellationToken)
    {
        var wanted = config.ListenerConfig?.K8sNamespace;
        if (config.ListenerId is not { } id)
        {
            if (wanted is not null) refusals.Add("source_config.listener_config.k8s_namespace needs source_config.listener_id.");
            if (source is Sources.ExternalDocker && await db.Listeners.AnyAsync(row => row.WorkspaceId == workspace.Value && row.ComputeType == ComputeTypes.Kubernetes, cancellationToken))
                refusals.Add($"{Required}: this workspace has listeners, name one of them.", Codes.ListenerRequired);
            return null;
        }

        var listener = await db.Listeners.AsNoTracking().Of(workspace, id).SingleOrDefaultAsync(cancellationToken);
        if (listener is null)
        {
            refusals.Add($"Listener ID {id} not found.");
            return null;
        }

        if (listener.ComputeType is ComputeTypes.Process)
        {
            if (source is Sources.ExternalDocker)
                refusals.Add($"Listener ID {id} runs processes, and no images: deploy from source, or name a listener of the compute_type 'k8s'.");
            if (wanted is not null) refusals.Add($"source_config.listener_config.k8s_namespace must be null: listener ID {id} runs processes.");
            return null;
        }

        if (source is not Sources.ExternalDocker)
            refusals.Add($"Listener ID {id} runs images, and what is built here is none: name a listener of the compute_type 'process', or deploy an image as 'external_docker'.");
        var served = ListenerAnswer.NamespacesOf(listener);
        if (wanted is null && served.Count == 1) return new ListenerConfig { K8sNamespace = served[0] };
        if (wanted is not null && served.Contains(wanted, StringComparer.Ordinal)) return new ListenerConfig { K8sNamespace = wanted };
        refusals.Add($"source_config.listener_config.k8s_namespace must be one that listener ID {id} serves: {string.Join(", ", served)}.");
        return null;
    }

    /// <summary>
    /// Whether the place that was found is still there. Asked in the transaction that binds the deployment to it, since the listener may have lost
    /// the namespace, or gone, in between.
    /// </summary>
    public static async Task<bool> IsThereAsync(
        PilothouseDb db, WorkspaceId workspace, SourceConfig config, ListenerConfig? placed, CancellationToken cancellationToken)
    {
        if (config.ListenerId is not { } id) return true;
        await db.HoldAsync(id, cancellationToken);
        return await db.Listeners.AsNoTracking().Of(workspace, id).SingleOrDefaultAsync(cancellationToken) is { } listener
            && (listener.ComputeType is ComputeTypes.Process || ListenerAnswer.NamespacesOf(listener).Contains(placed?.K8sNamespace, StringComparer.Ordinal));
    }
}
