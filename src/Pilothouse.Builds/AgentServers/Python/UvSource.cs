using System.Text.Json;
using Pilothouse.Builds.AgentServers.JavaScript;

namespace Pilothouse.Builds.AgentServers.Python;

/// <summary><c>"source": {"kind": "uv", "root": "..", "package": "agent"}</c>: the packages come from a uv.lock.</summary>
/// <param name="Root">Absolute; the folder of uv.lock.</param>
/// <param name="Package">A member of the workspace; null for the root's own.</param>
internal sealed record UvSource(string Root, string? Package)
{
    private string LockFile => Path.Combine(Root, "uv.lock");

    public static UvSource? Read(AgentProject project)
    {
        var source = project.Config.Member("source");
        return string.Equals(source.Text("kind"), "uv", StringComparison.Ordinal)
            ? new UvSource(Path.GetFullPath(Path.Combine(project.Folder, source.Text("root") ?? ".")), source.Text("package"))
            : null;
    }

    public IEnumerable<string> Faults(AgentProject project)
    {
        var source = project.Config.Member("source");
        foreach (var key in (string[])["root", "package"])
            if (source.Member(key) is { ValueKind: not JsonValueKind.Undefined } && string.IsNullOrWhiteSpace(source.Text(key)))
                yield return $"{project.ConfigFile}: source.{key} must be a string that is not empty.";
        if (project.Config.Member("dependencies") is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0)
            yield return $"{project.ConfigFile}: source.kind \"uv\" takes the packages from uv.lock; remove dependencies.";

        if (!PythonProject.Contains(project.SourceRoot, Root))
        {
            yield return $"{project.ConfigFile}: source.root is \"{source.Text("root")}\", which is outside the uploaded source; deploy from the folder that holds pyproject.toml and uv.lock.";
            yield break;
        }

        foreach (var file in (string[])["pyproject.toml", "uv.lock"])
            if (!File.Exists(Path.Combine(Root, file)))
                yield return $"{project.ConfigFile}: source.kind is \"uv\", but there is no {file} in {source.Text("root") ?? "."} of the uploaded source{(file is "uv.lock" ? "; run 'uv lock' and deploy again" : "")}.";
    }

    /// <summary>All that the lock file holds, development groups too: enough to know the agent server's version.</summary>
    public IEnumerable<Requirement> Locked()
    {
        if (TomlFile.Read(LockFile) is not { } file) yield break;
        foreach (var table in file.Tables.Where(table => table.StartsWith("package#", StringComparison.Ordinal)))
            if (file.Text(table, "name") is { } name && file.Text(table, "version") is { } version && VersionSpecifier.TryParse($"=={version}") is { } wanted)
                yield return new Requirement(Requirement.Normalize(name), wanted, "uv.lock");
    }
}
