namespace Pilothouse.Builds.Sources;

/// <summary>
/// Files with values for local runs (<c>.env</c>, <c>.env.local</c>, <c>.envrc</c>): clients upload them with their keys unless told not to, and send the
/// values as secrets besides. They reach neither build nor artifact.
/// </summary>
internal static class EnvFiles
{
    private static readonly string[] s_harmless = ["example", "sample", "template", "dist", "defaults", "schema"];

    /// <param name="path">Normalized. A folder of that name is left out as a whole.</param>
    public static bool IsLeftOut(string path) => path.Split('/').Any(IsEnvFile);

    private static bool IsEnvFile(string name)
    {
        if (!name.StartsWith(".env", StringComparison.OrdinalIgnoreCase)) return false;
        var rest = name[".env".Length..];
        return rest.Length == 0
            || rest.Equals("rc", StringComparison.OrdinalIgnoreCase)
            || rest[0] is '.' && !s_harmless.Contains(rest[(rest.LastIndexOf('.') + 1)..], StringComparer.OrdinalIgnoreCase);
    }
}
