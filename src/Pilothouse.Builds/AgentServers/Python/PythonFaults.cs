using System.Text.Json;
using System.Text.RegularExpressions;
using Pilothouse.Builds.AgentServers.JavaScript;

namespace Pilothouse.Builds.AgentServers.Python;

/// <summary>What a Python project must change before anything is installed.</summary>
internal static partial class PythonFaults
{
    public static IEnumerable<string> Of(PythonProject project) =>
        PythonDefinition.Faults(project)
            .Concat(OfKeys(project.Agent))
            .Concat(OfDependencies(project))
            .Concat(ServerVersion.Faults(project));

    private static IEnumerable<string> OfKeys(AgentProject project)
    {
        var (config, file) = (project.Config, project.ConfigPath);
        if (PythonRequirement.Of(file, config).Fault is { } fault) yield return fault;

        if (config.Member("pip_installer") is { ValueKind: not JsonValueKind.Undefined } installer && config.Text("pip_installer") is not ("auto" or "pip" or "uv"))
            yield return $"{file}: pip_installer is {installer.GetRawText()}; it must be \"auto\", \"pip\" or \"uv\".";

        if (config.Member("pip_config_file") is { ValueKind: not JsonValueKind.Undefined } settings)
        {
            if (settings.ValueKind != JsonValueKind.String) yield return $"{file}: pip_config_file must be a string like ./pip.conf.";
            else if (!PythonProject.Contains(project.SourceRoot, Path.Combine(project.Folder, settings.GetString()!))) yield return $"{file}: pip_config_file points to {settings.GetString()}, which is outside the uploaded source.";
            else if (!File.Exists(Path.Combine(project.Folder, settings.GetString()!))) yield return $"{file}: pip_config_file points to {settings.GetString()}, which does not exist.";
        }

        foreach (var removed in (string[])["project_root", "package"])
            if (config.Member(removed).ValueKind != JsonValueKind.Undefined)
                yield return $"{file}: {removed} is no key of langgraph.json any more; use source.{(removed is "package" ? "package" : "root")}.";
    }

    private static IEnumerable<string> OfDependencies(PythonProject project)
    {
        var (config, file) = (project.Agent.Config, project.Agent.ConfigPath);
        if (config.Member("source") is { ValueKind: not JsonValueKind.Undefined } source)
        {
            if (project.Uv is null)
            {
                yield return $"{file}: source.kind is {(source.Member("kind") is { ValueKind: not JsonValueKind.Undefined } kind ? kind.GetRawText() : "missing")}; the only kind there is, is \"uv\".";
                yield break;
            }

            foreach (var fault in project.Uv.Faults(project.Agent)) yield return fault;
            yield break;
        }

        var dependencies = config.Member("dependencies");
        if (dependencies.ValueKind != JsonValueKind.Array || dependencies.GetArrayLength() == 0)
        {
            yield return $"{file}: dependencies is missing or empty; name the project's own folder and its packages, e.g. \"dependencies\": [\".\"].";
            yield break;
        }

        foreach (var entry in dependencies.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.String || string.IsNullOrWhiteSpace(entry.GetString())) yield return $"{file}: dependencies holds {entry.GetRawText()}; each must be a folder like \".\" or a package like \"langchain-openai>=1.0\".";
            else if (DependencyFault(project, entry.GetString()!.Trim()) is { } fault) yield return $"{file}: dependencies {fault}";
        }
    }

    private static string? DependencyFault(PythonProject project, string text)
    {
        if (!PythonProject.IsLocal(text))
        {
            if (AddressWithPassword().IsMatch(text)) return "holds an address with a user or password in it; keep credentials out of the source and let the operator's package sources have them.";
            return Requirement.TryParse(text, "") is null ? $"holds \"{text}\", which is neither a folder (they begin with a dot) nor a package like \"langchain-openai>=1.0\"." : null;
        }

        var path = Path.GetFullPath(Path.Combine(project.Agent.Folder, text));
        if (!project.Contains(path)) return $"points to {text}, which is outside the uploaded source.";
        if (File.Exists(path)) return $"points to {text}, which is a file; name its folder instead.";
        return LocalFolder.Find(project.Agent.Folder, text) is { } folder ? folder.NameFault(project.Agent.SourceRoot) : $"points to {text}, which does not exist.";
    }

    [GeneratedRegex(@"https?://[^/\s@]+@", RegexOptions.IgnoreCase)]
    private static partial Regex AddressWithPassword();
}
