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
        (Viewer, Permissions.Read) => true,
        _ => false,
    };
}

internal static class Permissions
{
    public const string Create = "deployments:create";
    public const string Read = "deployments:read";
    public const string Update = "deployments:update";
    public const string Delete = "deployments:delete";
}
