namespace Pilothouse.Cli.Archives;

/// <param name="Name">In the archive, with <c>/</c>.</param>
/// <param name="Path">On this machine.</param>
internal sealed record SourceFile(string Name, string Path);

/// <summary>Which files of a project are its source: what its ignore files leave, without installed packages, links and secrets.</summary>
internal static class SourceFiles
{
    private static readonly HashSet<string> s_neverFolders = new(StringComparer.Ordinal)
    {
        "__pycache__", ".git", ".venv", "venv", "node_modules", ".tox", ".mypy_cache", ".pilothouse", ".langgraph_api",
    };

    private static readonly string[] s_ignoreFiles = [".dockerignore", ".gitignore"];

    /// <summary>Sorted by name.</summary>
    /// <param name="root">Archive names count from here.</param>
    /// <param name="folders">Absolute, at or below the root: only what is in them.</param>
    public static IReadOnlyList<SourceFile> Find(string root, IReadOnlyCollection<string> folders)
    {
        var files = new SortedDictionary<string, SourceFile>(StringComparer.Ordinal);
        var tops = folders.Append(root).ToHashSet(StringComparer.Ordinal);
        foreach (var folder in folders) Walk(root, folder, tops, Above(root, folder, tops), files);
        return [.. files.Values];
    }

    /// <summary>The ignore files of the folders between the root and a named one count in it too.</summary>
    private static List<(string Folder, IgnoreRules Rules)> Above(string root, string folder, HashSet<string> tops)
    {
        var rules = new List<(string Folder, IgnoreRules Rules)>();
        var between = new Stack<string>();
        for (var at = folder; !string.Equals(at, root, StringComparison.Ordinal);) between.Push(at = Path.GetDirectoryName(at)!);
        foreach (var one in between) rules.AddRange(RulesOf(one, tops));
        return rules;
    }

    /// <summary>Docker reads its file at the top of what it is given only; git reads every one.</summary>
    private static IEnumerable<(string Folder, IgnoreRules Rules)> RulesOf(string folder, HashSet<string> tops) =>
        from name in s_ignoreFiles
        where name is ".gitignore" || tops.Contains(folder)
        let file = Path.Combine(folder, name)
        where File.Exists(file)
        select (folder, IgnoreRules.Parse(File.ReadLines(file), isAnchored: name is ".dockerignore"));

    private static void Walk(string root, string folder, HashSet<string> tops, List<(string Folder, IgnoreRules Rules)> above, SortedDictionary<string, SourceFile> files)
    {
        List<(string Folder, IgnoreRules Rules)> rules = [.. above, .. RulesOf(folder, tops)];
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false }))
        {
            var isFolder = entry is DirectoryInfo;
            if (entry.LinkTarget is not null || (isFolder ? s_neverFolders.Contains(entry.Name) : IsSecret(entry.Name))) continue;
            if (IsIgnored(entry.FullName, isFolder, rules)) continue;
            if (isFolder) Walk(root, entry.FullName, tops, rules, files);
            else if (RegularFile.Is((FileInfo)entry)) files[Name(root, entry.FullName)] = new SourceFile(Name(root, entry.FullName), entry.FullName);
        }
    }

    /// <summary><c>.env</c> and its kin carry keys; their values go as secrets. Examples are meant to be seen.</summary>
    private static bool IsSecret(string name) =>
        name.StartsWith(".env", StringComparison.Ordinal)
        && !(name.EndsWith(".example", StringComparison.Ordinal) || name.EndsWith(".sample", StringComparison.Ordinal) || name.EndsWith(".template", StringComparison.Ordinal));

    /// <summary>The nearest file that says anything wins.</summary>
    private static bool IsIgnored(string path, bool isFolder, List<(string Folder, IgnoreRules Rules)> rules)
    {
        for (var at = rules.Count - 1; at >= 0; at--)
            if (rules[at].Rules.IsIgnored(Name(rules[at].Folder, path), isFolder) is { } said) return said;
        return false;
    }

    private static string Name(string root, string path) => Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/');
}
