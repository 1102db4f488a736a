namespace Pilothouse.Builds.Toolchains;

/// <param name="Program">Absolute.</param>
/// <param name="Cache">Absolute.</param>
internal sealed record UvTool(string Program, string Cache, UvSources Sources)
{
    /// <summary>A call of uv that takes packages from these sources. It brings no Python by itself.</summary>
    public ToolCommand Command(IReadOnlyList<string> arguments, string folder, params (string Name, string Value)[] environment)
    {
        var all = new Dictionary<string, string>(Sources.Environment, StringComparer.Ordinal)
        {
            ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin",
            ["UV_CACHE_DIR"] = Cache,
            ["UV_PYTHON_DOWNLOADS"] = "never",
            ["UV_NO_PROGRESS"] = "1",
            ["NO_COLOR"] = "1",
        };
        foreach (var (name, value) in environment) all[name] = value;
        return new ToolCommand([Program, .. arguments, .. arguments[0] is "pip" or "export" ? Sources.Arguments : []], folder, all);
    }
}
