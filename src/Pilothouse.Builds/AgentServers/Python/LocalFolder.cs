namespace Pilothouse.Builds.AgentServers.Python;

internal enum LocalKind
{
    /// <summary>Has a pyproject.toml or setup.py: is built and installed.</summary>
    Package,

    /// <summary>Has an <c>__init__.py</c>: is imported by its own name.</summary>
    Module,

    /// <summary>Modules and packages lie in it.</summary>
    Folder,
}

/// <summary>A folder named in <c>dependencies</c>, e.g. <c>.</c> or <c>../shared</c>.</summary>
/// <param name="Text">As langgraph.json has it.</param>
/// <param name="Path">Absolute.</param>
internal sealed record LocalFolder(string Text, string Path, LocalKind Kind)
{
    // What the agent server itself imports by these names; a project's own folder of the same name could not be told from it.
    private static readonly string[] s_reserved =
    [
        "src", "langgraph", "langgraph-api", "langgraph-sdk", "langgraph-cli", "langgraph-checkpoint", "langchain", "langchain-core", "langsmith",
        "pydantic", "orjson", "fastapi", "starlette", "uvicorn", "psycopg", "httpx",
    ];

    /// <summary>Null when the folder is not there.</summary>
    public static LocalFolder? Find(string configFolder, string text)
    {
        var path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(System.IO.Path.Combine(configFolder, text)));
        if (!Directory.Exists(path)) return null;
        var kind = Has("pyproject.toml") || Has("setup.py") ? LocalKind.Package : Has("__init__.py") ? LocalKind.Module : LocalKind.Folder;
        return new LocalFolder(text, path, kind);

        bool Has(string file) => File.Exists(System.IO.Path.Combine(path, file));
    }

    /// <summary>A requirements.txt counts where there is no package that states its own.</summary>
    public string? RequirementsFile => Kind is not LocalKind.Package && File.Exists(System.IO.Path.Combine(Path, "requirements.txt"))
        ? System.IO.Path.Combine(Path, "requirements.txt")
        : null;

    /// <summary>Why it cannot be imported by its name; null when it can.</summary>
    /// <param name="sourceRoot">Its own name did not come with the source.</param>
    public string? NameFault(string sourceRoot)
    {
        if (Kind is not LocalKind.Module || string.Equals(Path, sourceRoot, StringComparison.Ordinal)) return null;
        var name = System.IO.Path.GetFileName(Path);
        if (name.Contains('-', StringComparison.Ordinal))
            return $"points to {Text}, which has an __init__.py, but '{name}' cannot be imported because of its hyphen; rename the folder, e.g. to {name.Replace('-', '_')}.";
        return s_reserved.Contains(Requirement.Normalize(name), StringComparer.Ordinal)
            ? $"points to {Text}, which would be imported as '{name}', a name of the agent server's own packages; rename the folder."
            : null;
    }

    /// <summary>The folders below the source that its modules are imported from.</summary>
    public IEnumerable<string> ImportFolders(string sourceRoot)
    {
        yield return Path;
        if (Kind is LocalKind.Module && !string.Equals(Path, sourceRoot, StringComparison.Ordinal)) yield return System.IO.Path.GetDirectoryName(Path)!;
    }
}
