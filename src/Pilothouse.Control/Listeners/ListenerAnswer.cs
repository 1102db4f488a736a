using System.Text.Json;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Listeners;

internal static class ListenerAnswer
{
    /// <param name="seenAt">When it was last heard of.</param>
    public static Contracts.Listeners.Listener Of(ListenerRow row, DateTimeOffset? seenAt) => new()
    {
        Id = row.Id,
        ComputeType = row.ComputeType,
        ComputeId = row.ComputeId,
        ComputeConfig = ConfigOf(row),
        Version = row.Version,
        GatewayUrl = row.GatewayUrl,
        LastSeenAt = seenAt,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
    };

    public static IReadOnlyList<string> NamespacesOf(ListenerRow row) => ConfigOf(row).K8sNamespaces ?? [];

    public static string Stored(ListenerComputeConfig config) => JsonSerializer.Serialize(config, ApiJson.Default.ListenerComputeConfig);

    private static ListenerComputeConfig ConfigOf(ListenerRow row) =>
        JsonSerializer.Deserialize(row.ComputeConfig, ApiJson.Default.ListenerComputeConfig) ?? new ListenerComputeConfig();
}

internal static class ListenerRejections
{
    /// <summary>The text of the contract.</summary>
    public static Rejection NotFound(Guid listener) => new(Codes.NotFound, $"Listener ID {listener} not found.");

    /// <summary>The text of the contract.</summary>
    public static Rejection Exists(WorkspaceId workspace, string computeId) => new(
        Codes.Conflict, $"Listener for LangSmith workspace ID '{workspace}' and compute ID '{computeId}' already exists.");

    public static Rejection NotItsKey(Guid listener) => new(
        Codes.Forbidden, $"This needs a key of listener ID {listener}: make one with POST /v2/listeners/{listener}/keys.");

    public static Rejection Superseded(Guid listener) => new(Codes.ListenerSuperseded, ListenerLeases.SupersededText(listener));

    public static Rejection HasDeployments(Guid listener, int count) => new(
        Codes.Conflict, $"Listener ID {listener} cannot be deleted: {Deployments(count)} bound to it for life. Delete them first.");

    public static Rejection NamespaceInUse(Guid listener, string name, int count) => new(
        Codes.Conflict, $"Listener ID {listener} must go on serving the namespace '{name}': {Deployments(count)} placed in it for life. Delete them first.");

    private static string Deployments(int count) => count == 1 ? "1 deployment is" : $"{count} deployments are";
}
