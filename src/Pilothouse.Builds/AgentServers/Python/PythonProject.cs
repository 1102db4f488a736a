using System.Text.Json;
using Pilothouse.Builds.AgentServers.JavaScript;

namespace Pilothouse.Builds.AgentServers.Python;

/// <summary>What a Python project asks for, read from its files alone: nothing is installed and nothing is run for it.</summary>
/// <param name="Folders">The local ones of <c>dependencies</c> that are there.</param>
/// <param name="Packages">The others, as langgraph.json has them.</param>
/// <param name="Uv">Null unless <c>source.kind</c> is <c>uv</c>.</param>
internal sealed record PythonProject(AgentProject Agent, IReadOnlyList<LocalFolder> Folders, IReadOnlyList<string> Packages, UvSource? Uv)
{
    public static PythonProject Read(AgentProject project)
    {
        var dependencies = project.Config.Member("dependencies") is { ValueKind: JsonValueKind.Array } list
            ? list.EnumerateArray().Where(entry => entry.ValueKind == JsonValueKind.String).Select(entry => entry.GetString()!.Trim()).ToArray()
            : [];
        return new PythonProject(
            project,
            [.. dependencies.Where(IsLocal).Select(text => LocalFolder.Find(project.Folder, text)).OfType<LocalFolder>()],
            [.. dependencies.Where(text => text.Length > 0 && !IsLocal(text))],
            UvSource.Read(project));
    }

    public static bool IsLocal(string dependency) => dependency.StartsWith('.');

    public bool Contains(string path) => Contains(Agent.SourceRoot, path);

    public static bool Contains(string sourceRoot, string path) =>
        $"{Path.GetFullPath(path)}/".StartsWith($"{Path.TrimEndingDirectorySeparator(Path.GetFullPath(sourceRoot))}/", StringComparison.Ordinal);

    /// <summary>Where modules are imported from, absolute: the folder of langgraph.json, then those of <c>dependencies</c>, as the vendor's own CLI has them.</summary>
    public IReadOnlyList<string> ImportFolders => [.. new[] { Path.TrimEndingDirectorySeparator(Path.GetFullPath(Agent.Folder)) }
        .Concat(Folders.SelectMany(folder => folder.ImportFolders(Agent.SourceRoot)))
        .Where(Contains)
        .Distinct(StringComparer.Ordinal)];

    /// <summary>The wishes for packages that the files show; not those of files in forms that only an installer understands.</summary>
    public IEnumerable<Requirement> Requirements() => Packages.Select(text => Requirement.TryParse(text, Agent.ConfigFile)).OfType<Requirement>()
        .Concat(Folders.Where(folder => Contains(folder.Path)).SelectMany(OfFolder));

    private IEnumerable<Requirement> OfFolder(LocalFolder folder)
    {
        if (folder.RequirementsFile is { } file) return OfFile(file, depth: 0);
        var path = Path.Combine(folder.Path, "pyproject.toml");
        return TomlFile.Read(path)?.List("project", "dependencies").Select(text => Requirement.TryParse(text, Name(path))).OfType<Requirement>() ?? [];
    }

    private IEnumerable<Requirement> OfFile(string file, int depth)
    {
        if (depth > 5 || !Contains(file) || !File.Exists(file)) yield break;
        foreach (var line in File.ReadLines(file).Select(line => line.Trim()))
        {
            var included = line.Split((char[])[' ', '='], 2, StringSplitOptions.RemoveEmptyEntries);
            if (included is ["-r" or "--requirement" or "-c" or "--constraint", var name])
                foreach (var inner in OfFile(Path.Combine(Path.GetDirectoryName(file)!, name.Trim()), depth + 1)) yield return inner;
            else if (Requirement.TryParse(line.Split(" #")[0].Split(" --")[0].TrimEnd('\\', ' '), Name(file)) is { } requirement)
                yield return requirement;
        }
    }

    private string Name(string file) => Path.GetRelativePath(Agent.SourceRoot, file).Replace('\\', '/');
}
