using System.Text.Json;

namespace Pilothouse.Builds.AgentServers.JavaScript;

/// <summary>Reads from a lock file which version of a package will be installed. A lock file that cannot be read tells nothing.</summary>
internal static class LockedVersions
{
    private static readonly JsonDocumentOptions s_lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <param name="root">Folder of the lock file.</param>
    /// <param name="lockFile">Its name.</param>
    /// <param name="project">The project's package below the root, with <c>/</c>; empty for the root itself.</param>
    /// <param name="name">E.g. <c>@langchain/langgraph</c>.</param>
    /// <param name="wanted">The range in the project's manifest; null when it does not name the package.</param>
    public static string? Find(string root, string lockFile, string project, string name, string? wanted)
    {
        var path = Path.Combine(root, lockFile);
        try
        {
            return lockFile switch
            {
                "package-lock.json" or "npm-shrinkwrap.json" => FromNpm(path, project, name),
                "yarn.lock" => FromYarn(File.ReadLines(path), name, wanted),
                "pnpm-lock.yaml" => FromPnpm(File.ReadLines(path), project, name),
                "bun.lock" => FromBun(path, name),
                _ => null,
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? FromNpm(string path, string project, string name)
    {
        using var document = Parse(path);
        var packages = document.RootElement.Member("packages");
        var nested = project.Length == 0 ? "" : $"{project}/";
        return packages.Member($"{nested}node_modules/{name}").Text("version")
            ?? packages.Member($"node_modules/{name}").Text("version")
            ?? document.RootElement.Member("dependencies").Member(name).Text("version");
    }

    /// <summary>
    /// Version 1: <c>"@scope/name@^1.0", "@scope/name@^1.1":</c> then <c>  version "1.2.3"</c>; berry: <c>"@scope/name@npm:^1.0":</c> then <c>  version: 1.2.3</c>.
    /// </summary>
    private static string? FromYarn(IEnumerable<string> lines, string name, string? wanted)
    {
        string? any = null;
        var (isOurs, isWanted) = (false, false);
        foreach (var line in lines)
        {
            if (line.Length > 0 && !char.IsWhiteSpace(line[0]))
            {
                var keys = line.TrimEnd(':').Split(", ").Select(key => key.Trim('"')).ToArray();
                isOurs = keys.Any(key => key.StartsWith($"{name}@", StringComparison.Ordinal));
                isWanted = keys.Contains($"{name}@{wanted}", StringComparer.Ordinal) || keys.Contains($"{name}@npm:{wanted}", StringComparer.Ordinal);
            }
            else if (isOurs && line.TrimStart() is var field && field.StartsWith("version", StringComparison.Ordinal))
            {
                var version = field["version".Length..].Trim(' ', ':', '"');
                if (isWanted) return version;
                any ??= version;
                isOurs = false;
            }
        }

        return any;
    }

    /// <summary>
    /// <c>importers:</c>, two spaces and the project's path, then its packages by six spaces with <c>version: 1.2.3(peers…)</c> below; lock files of
    /// a single package before 9 have no importers, their packages start at two spaces.
    /// </summary>
    private static string? FromPnpm(IEnumerable<string> lines, string project, string name)
    {
        var (hasImporters, isProject, isPackage, section) = (false, false, false, "");
        foreach (var line in lines)
        {
            var text = line.Trim();
            if (text.Length == 0) continue;
            var depth = line.Length - line.TrimStart(' ').Length;
            var key = text.TrimEnd(':').Trim('\'', '"');
            if (depth == 0)
            {
                section = key;
                hasImporters |= key is "importers";
                if (key is "packages" or "snapshots") return null;
            }

            if (section is "specifiers") continue;

            if (hasImporters && depth == 2) isProject = string.Equals(key, project.Length == 0 ? "." : project, StringComparison.Ordinal);
            if (hasImporters && !isProject) continue;
            if (isPackage && text.StartsWith("version:", StringComparison.Ordinal)) return Bare(text["version:".Length..]);
            if (text.StartsWith($"'{name}':", StringComparison.Ordinal) || text.StartsWith($"{name}:", StringComparison.Ordinal))
            {
                var rest = text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..];
                if (rest.Length > 0) return Bare(rest);
                isPackage = true;
            }
        }

        return null;

        static string Bare(string text) => text.Trim(' ', '\'', '"').Split('(', '_')[0];
    }

    private static string? FromBun(string path, string name)
    {
        using var document = Parse(path);
        var entry = document.RootElement.Member("packages").Member(name);
        return entry.ValueKind == JsonValueKind.Array && entry.GetArrayLength() > 0 && entry[0].Text() is { } text
            ? text[(text.LastIndexOf('@') + 1)..]
            : null;
    }

    private static JsonDocument Parse(string path)
    {
        using var file = File.OpenRead(path);
        return JsonDocument.Parse(file, s_lenient);
    }
}
