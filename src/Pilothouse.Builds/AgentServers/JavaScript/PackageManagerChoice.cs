using System.Text.Json;

namespace Pilothouse.Builds.AgentServers.JavaScript;

/// <summary>Picks the package manager: by lock file, then <c>packageManager</c>, then <c>devEngines.packageManager</c>, else npm.</summary>
internal static class PackageManagerChoice
{
    private static readonly (string File, PackageManagerKind Kind)[] s_lockFiles =
    [
        ("yarn.lock", PackageManagerKind.YarnClassic),
        ("pnpm-lock.yaml", PackageManagerKind.Pnpm),
        ("package-lock.json", PackageManagerKind.Npm),
        ("npm-shrinkwrap.json", PackageManagerKind.Npm),
        ("bun.lockb", PackageManagerKind.Bun),
        ("bun.lock", PackageManagerKind.Bun),
    ];

    public static IEnumerable<string> LockFiles => s_lockFiles.Select(pair => pair.File);

    /// <param name="root">The folder the install runs in.</param>
    /// <param name="manifest">The package.json of that folder.</param>
    public static PackageManager Of(string root, JsonElement manifest)
    {
        var (named, version, where) = Named(manifest);
        foreach (var (file, kind) in s_lockFiles)
        {
            var path = Path.Combine(root, file);
            if (!File.Exists(path)) continue;
            var exact = kind == PackageManagerKind.YarnClassic && IsBerryLock(path) ? PackageManagerKind.YarnBerry : kind;
            return new PackageManager(exact, KindOf(named, version) == exact ? version : VersionForLock(exact, path), file, file);
        }

        return KindOf(named, version) is { } chosen
            ? new PackageManager(chosen, version, LockFile: null, where)
            : new PackageManager(PackageManagerKind.Npm, Version: null, LockFile: null, "package.json");
    }

    private static (string? Name, string? Version, string Where) Named(JsonElement manifest)
    {
        if (manifest.Text("packageManager") is { } text)
        {
            // "pnpm@9.1.0+sha512.…": the hash is corepack's.
            var at = text.IndexOf('@', StringComparison.Ordinal);
            return at < 0 ? (text, null, "packageManager") : (text[..at], ExactVersion(text[(at + 1)..]), "packageManager");
        }

        var engine = manifest.Member("devEngines").Member("packageManager");
        if (engine.ValueKind == JsonValueKind.Array) engine = engine.EnumerateArray().FirstOrDefault();
        return (engine.Text("name"), ExactVersion(engine.Text("version")), "devEngines.packageManager");
    }

    private static string? ExactVersion(string? text) =>
        SemanticVersion.TryParse(text, out var version) ? version.ToString() : null;

    private static PackageManagerKind? KindOf(string? name, string? version) => name switch
    {
        "npm" => PackageManagerKind.Npm,
        "pnpm" => PackageManagerKind.Pnpm,
        "bun" => PackageManagerKind.Bun,
        "yarn" => SemanticVersion.TryParse(version, out var parsed) && parsed.Major >= 2
            ? PackageManagerKind.YarnBerry
            : PackageManagerKind.YarnClassic,
        _ => null,
    };

    private static bool IsBerryLock(string path) =>
        File.ReadLines(path).Take(20).Any(line => line.StartsWith("__metadata:", StringComparison.Ordinal));

    /// <summary>pnpm reads only lock files of its own time: 5.x by 7, 6.0 by 8, 9.0 by 9 and later.</summary>
    private static string? VersionForLock(PackageManagerKind kind, string path)
    {
        if (kind != PackageManagerKind.Pnpm) return null;
        var line = File.ReadLines(path).Take(20).FirstOrDefault(line => line.StartsWith("lockfileVersion:", StringComparison.Ordinal)) ?? "";
        return (line.Length == 0 ? "" : line["lockfileVersion:".Length..]).Trim(' ', '\'', '"').Split('.')[0] switch
        {
            "5" => "7.33.7",
            "6" => "8.15.9",
            _ => null,
        };
    }
}
