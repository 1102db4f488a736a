using System.Reflection;

namespace Pilothouse.Control.Access;

/// <summary>What an endpoint asks of its caller: <c>noun:verb</c>. What only reads ends in <c>:read</c>, and is kept out of the audit log.</summary>
internal static class Permissions
{
    public const string Create = "deployments:create";
    public const string Read = "deployments:read";
    public const string Update = "deployments:update";
    public const string Delete = "deployments:delete";

    public const string ReadListeners = "listeners:read";
    public const string CreateListeners = "listeners:create";
    public const string UpdateListeners = "listeners:update";
    public const string DeleteListeners = "listeners:delete";

    /// <summary>What a listener does: hear what is wanted of its deployments, secrets included, and report. Only listeners' keys have it.</summary>
    public const string ServeListener = "listeners:serve";

    public const string ReadIntegrations = "integrations:read";
    public const string UpdateIntegrations = "integrations:update";

    public const string ReadProviders = "oauth-providers:read";
    public const string CreateProviders = "oauth-providers:create";
    public const string UpdateProviders = "oauth-providers:update";
    public const string DeleteProviders = "oauth-providers:delete";

    /// <summary>The caller's own tokens and connections: seeing them, and using them for an agent.</summary>
    public const string UseTokens = "oauth-tokens:use";

    /// <summary>Those of everybody in the workspace.</summary>
    public const string ManageTokens = "oauth-tokens:manage";

    /// <summary>The workspace itself, its members and the roles there are.</summary>
    public const string ReadWorkspace = "workspaces:read";

    public const string ManageMembers = "workspaces:manage-members";

    /// <summary>Service keys of the workspace.</summary>
    public const string ManageKeys = "workspaces:manage-keys";

    /// <summary>A user's own keys.</summary>
    public const string UseOwnKeys = "personal-keys:use";

    public const string ManageRoles = "roles:manage";

    /// <summary>Users, workspaces and keys of the whole organization; no role of a workspace has it.</summary>
    public const string ManageOrganization = "organization:manage";

    public const string ReadAudit = "audit:read";

    /// <summary>The numbers of the process at <c>/metrics</c>, which are totals of all workspaces and name none.</summary>
    public const string ReadMetrics = "metrics:read";

    /// <summary>Sorted.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. typeof(Permissions).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral)
            .Select(field => (string)field.GetRawConstantValue()!)
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>What a role of a workspace may hold.</summary>
    public static IReadOnlyList<string> OfRoles { get; } = [.. All.Where(permission => permission is not (ManageOrganization or ServeListener))];
}
