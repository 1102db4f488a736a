using System.Text.Json;

namespace Pilothouse.Builds.AgentServers.JavaScript;

/// <summary>The npm package that holds an agent, and the place where its packages are installed.</summary>
/// <param name="Folder">Absolute; the nearest package.json at or above langgraph.json.</param>
/// <param name="InstallRoot">Absolute; the same, or the root of the workspace above it.</param>
/// <param name="Manifest">The package.json in <paramref name="Folder"/>.</param>
internal sealed record NodePackage(string Folder, string InstallRoot, JsonElement Manifest, PackageManager Manager)
{
    private static readonly string[] s_groups = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

    /// <param name="sourceRoot">Absolute; nothing above it is looked at.</param>
    /// <param name="configFolder">Absolute; the folder of langgraph.json.</param>
    /// <returns>Null when there is no package.json.</returns>
    /// <exception cref="JsonException">A package.json is not JSON.</exception>
    public static NodePackage? Find(string sourceRoot, string configFolder)
    {
        var above = Ancestors(sourceRoot, configFolder).ToArray();
        var folder = above.FirstOrDefault(candidate => File.Exists(Path.Combine(candidate, "package.json")));
        if (folder is null) return null;

        var roots = above.Where(candidate => File.Exists(Path.Combine(candidate, "package.json"))).ToArray();
        var installRoot =
            roots.FirstOrDefault(candidate => PackageManagerChoice.LockFiles.Any(file => File.Exists(Path.Combine(candidate, file))))
            ?? roots.FirstOrDefault(IsWorkspace)
            ?? folder;
        return new NodePackage(folder, installRoot, Read(folder), PackageManagerChoice.Of(installRoot, Read(installRoot)));
    }

    /// <summary>The range that the manifest asks for; null when it does not name the package.</summary>
    public string? Wanted(string name) => s_groups.Select(group => Manifest.Member(group).Text(name)).FirstOrDefault(range => range is not null);

    /// <summary>The version that the lock file will install; null when it does not tell.</summary>
    public SemanticVersion? Locked(string name)
    {
        if (Manager.LockFile is null) return null;
        var project = Path.GetRelativePath(InstallRoot, Folder).Replace('\\', '/');
        var text = LockedVersions.Find(InstallRoot, Manager.LockFile, project is "." ? "" : project, name, Wanted(name));
        return SemanticVersion.TryParse(text, out var version) ? version : null;
    }

    public bool NamesNoPackage => !s_groups.Any(group => Manifest.Member(group) is { ValueKind: JsonValueKind.Object } packages && packages.EnumerateObject().Any())
        && string.Equals(Folder, InstallRoot, StringComparison.Ordinal);

    /// <summary>The version that is there after the install, found as Node finds it; null when it is not there.</summary>
    public static SemanticVersion? Installed(string name, string sourceRoot, string from)
    {
        foreach (var folder in Ancestors(sourceRoot, from))
        {
            var manifest = Path.Combine(folder, "node_modules", name, "package.json");
            if (!File.Exists(manifest)) continue;
            return SemanticVersion.TryParse(VersionIn(Path.GetDirectoryName(manifest)!), out var version) ? version : null;
        }

        return null;
    }

    /// <summary>Null also for a manifest that is no JSON: commands of the project may have written it.</summary>
    private static string? VersionIn(string folder)
    {
        try
        {
            return Read(folder).Text("version");
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IEnumerable<string> Ancestors(string sourceRoot, string folder)
    {
        var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(sourceRoot));
        var at = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        for (; at.Length > root.Length; at = Path.GetDirectoryName(at)!) yield return at;
        yield return root;
    }

    private static bool IsWorkspace(string folder) =>
        File.Exists(Path.Combine(folder, "pnpm-workspace.yaml")) || Read(folder).Member("workspaces").ValueKind != JsonValueKind.Undefined;

    private static JsonElement Read(string folder)
    {
        using var file = File.OpenRead(Path.Combine(folder, "package.json"));
        using var document = JsonDocument.Parse(file, new JsonDocumentOptions { AllowTrailingCommas = false });
        return document.RootElement.Clone();
    }
}
