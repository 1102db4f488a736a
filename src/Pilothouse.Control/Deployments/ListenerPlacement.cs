using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Deployments;

/// <summary>Where a deployment of a remote listener goes; fixed for its life.</summary>
internal static class ListenerPlacement
{
    /// <summary>A listener with one namespace needs none named.</summary>
    /// <returns>Null when no listener is named.</returns>
    public static async Task<ListenerConfig?> FindAsync(
        PilothouseDb db, WorkspaceId workspace, SourceConfig config, Refusals refusals, CancellationToken cancellationToken)
    {
        var wanted = config.ListenerConfig?.K8sNamespace;
        if (config.ListenerId is not { } id)
        {
            if (wanted is not null) refusals.Add("source_config.listener_config.k8s_namespace needs source_config.listener_id.");
            return null;
        }

        var listener = await db.Listeners.AsNoTracking()
            .SingleOrDefaultAsync(row => row.Id == id && row.WorkspaceId == workspace.Value, cancellationToken);
        if (listener is null)
        {
            refusals.Add($"Listener ID {id} not found.");
            return null;
        }

        var served = Namespaces(listener.ComputeConfig);
        if (wanted is null && served.Count == 1) return new ListenerConfig { K8sNamespace = served[0] };
        if (wanted is not null && served.Contains(wanted, StringComparer.Ordinal)) return new ListenerConfig { K8sNamespace = wanted };
        refusals.Add($"source_config.listener_config.k8s_namespace must be one that listener ID {id} serves: {string.Join(", ", served)}.");
        return null;
    }

    private static List<string> Namespaces(string computeConfig)
    {
        using var document = JsonDocument.Parse(computeConfig);
        return document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("k8s_namespaces", out var names) && names.ValueKind == JsonValueKind.Array
            ? [.. names.EnumerateArray().Where(name => name.ValueKind == JsonValueKind.String).Select(name => name.GetString()!)]
            : [];
    }
}
