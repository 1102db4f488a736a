namespace Pilothouse.Control.Access;

/// <summary>The roles that are always there (behaviour reference 9.2); others are made through the API.</summary>
internal static class Roles
{
    public const string Admin = "admin";
    public const string Editor = "editor";
    public const string Viewer = "viewer";

    /// <summary>In the place of a role for personal keys: whatever their user may.</summary>
    public const string OfUser = "user";

    /// <summary>In the place of a role for the keys of listeners; nobody else has it.</summary>
    public const string OfListener = "listener";

    public static IReadOnlyList<string> BuiltIn { get; } = [Admin, Editor, Viewer];

    private static readonly HashSet<string> s_ofListener = [Permissions.ServeListener];

    private static readonly Dictionary<string, IReadOnlySet<string>> s_permissions = BuiltIn.ToDictionary(
        role => role,
        role => (IReadOnlySet<string>)Permissions.OfRoles.Where(permission => MayDo(role, permission)).ToHashSet(StringComparer.Ordinal),
        StringComparer.Ordinal);

    /// <summary>Null for a role that is not built in.</summary>
    public static IReadOnlySet<string>? PermissionsOf(string role) => role is OfListener ? s_ofListener : s_permissions.GetValueOrDefault(role);

    private static bool MayDo(string role, string permission) => (role, permission) switch
    {
        (Admin, _) => true,
        (Editor, Permissions.Create or Permissions.Read or Permissions.Update) => true,
        (Editor, Permissions.ReadListeners or Permissions.ReadIntegrations or Permissions.ReadProviders or Permissions.UseTokens) => true,
        (Viewer, Permissions.Read or Permissions.ReadListeners or Permissions.ReadIntegrations or Permissions.ReadProviders or Permissions.UseTokens) => true,
        (Editor or Viewer, Permissions.ReadWorkspace or Permissions.UseOwnKeys) => true,
        _ => false,
    };
}
