namespace Pilothouse.Control.Access;

/// <summary>What a key may do (behaviour reference 9.2).</summary>
internal static class Roles
{
    public const string Admin = "admin";
    public const string Editor = "editor";
    public const string Viewer = "viewer";

    public static bool MayDo(string role, string permission) => (role, permission) switch
    {
        (Admin, _) => true,
        (Editor, Permissions.Create or Permissions.Read or Permissions.Update) => true,
        (Editor, Permissions.ReadListeners or Permissions.ReadIntegrations or Permissions.ReadProviders or Permissions.UseTokens) => true,
        (Viewer, Permissions.Read or Permissions.ReadListeners or Permissions.ReadIntegrations or Permissions.ReadProviders or Permissions.UseTokens) => true,
        _ => false,
    };
}

/// <summary>What an endpoint asks of its caller: <c>noun:verb</c>.</summary>
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
}
