using System.Text.RegularExpressions;

namespace Pilothouse.Builds.AgentServers.Python;

/// <summary>Where langgraph.json says an object is: <c>./src/agent.py:graph</c> or <c>my_agent.graph:graph</c>.</summary>
/// <param name="Module">A file when it has a slash or ends in <c>.py</c>, else a module.</param>
internal sealed partial record ImportTarget(string Text, string Module, string Name)
{
    private static readonly string[] s_script = [".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx"];

    public bool IsFile => Module.Contains('/', StringComparison.Ordinal) || Module.EndsWith(".py", StringComparison.Ordinal);

    public bool IsScript => s_script.Contains(Path.GetExtension(Module), StringComparer.Ordinal);

    /// <summary>The server takes a file for one only when it has a slash.</summary>
    public string ForServer => IsFile && !Module.Contains('/', StringComparison.Ordinal) ? $"./{Text}" : Text;

    public static ImportTarget? TryParse(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0 && Identifier().IsMatch(text[(colon + 1)..]) && !text[..colon].Contains(':', StringComparison.Ordinal)
            ? new ImportTarget(text, text[..colon], text[(colon + 1)..])
            : null;
    }

    /// <summary>What is wrong with it, after "points to …"; null when nothing can be seen from the files.</summary>
    public string? Fault(PythonProject project)
    {
        if (!IsFile) return ModuleFault(project);
        var file = Path.GetFullPath(Path.Combine(project.Agent.Folder, Module));
        if (!project.Contains(file)) return "which is outside the uploaded source.";
        if (!Module.EndsWith(".py", StringComparison.Ordinal)) return "which is no Python file.";
        return File.Exists(file) ? NameFault(file) : "which does not exist.";
    }

    /// <summary>Only for modules of the project itself; others come with packages that are not installed yet.</summary>
    private string? ModuleFault(PythonProject project)
    {
        if (!Dotted().IsMatch(Module)) return "which is neither a file (./path/to/file.py:name) nor a module (package.module:name).";
        var parts = Module.Split('.');
        var folders = project.ImportFolders.SelectMany(folder => new[] { folder, Path.Combine(folder, "src") });
        foreach (var folder in folders.Where(folder => Directory.Exists(Path.Combine(folder, parts[0])) || File.Exists(Path.Combine(folder, $"{parts[0]}.py"))))
        {
            var path = Path.Combine([folder, .. parts]);
            if (File.Exists($"{path}.py")) return NameFault($"{path}.py");
            if (File.Exists(Path.Combine(path, "__init__.py"))) return NameFault(Path.Combine(path, "__init__.py"));
            if (File.Exists(Path.Combine(folder, parts[0], "__init__.py"))) return $"but there is no module {Module} in {Path.GetRelativePath(project.Agent.SourceRoot, Path.Combine(folder, parts[0]))}.";
        }

        return null;
    }

    /// <summary>A name that is nowhere in the text cannot be defined by it, unless all of another module is imported.</summary>
    private string? NameFault(string file)
    {
        var source = File.ReadAllText(file);
        return StarImport().IsMatch(source) || Regex.IsMatch(source, $@"\b{Name}\b", RegexOptions.NonBacktracking)
            ? null
            : $"but there is no '{Name}' in that file.";
    }

    [GeneratedRegex(@"^[\p{L}_][\p{L}\p{N}_]*$")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"^[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*$")]
    private static partial Regex Dotted();

    [GeneratedRegex(@"import\s*\(?\s*\*|__getattr__|exec\(")]
    private static partial Regex StarImport();
}
