namespace Pilothouse.Bench.Deploying;

internal static class Places
{
    public static string Root { get; } = FindRoot();

    /// <summary>A sample's files, made unlike every earlier version of it, so that nothing was built before.</summary>
    public static Dictionary<string, string> Sample(string name, int version)
    {
        var folder = Path.Combine(Root, "samples", name);
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file))
            .Where(file => !file.Split('/').Any(part => part is "node_modules" or "__pycache__" or ".venv" or ".langgraph_api"))
            .ToDictionary(file => file, file => File.ReadAllText(Path.Combine(folder, file)), StringComparer.Ordinal);
        files["VERSION"] = $"{version} {Guid.NewGuid():N}";
        return files;
    }

    public static string Write(IReadOnlyDictionary<string, string> files)
    {
        var folder = Directory.CreateTempSubdirectory("pilothouse-by-hand-").FullName;
        foreach (var (name, text) in files)
        {
            var path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }

        return folder;
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Pilothouse.slnx"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
