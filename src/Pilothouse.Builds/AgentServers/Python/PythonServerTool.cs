using Pilothouse.Builds.Toolchains;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Launching;

namespace Pilothouse.Builds.AgentServers.Python;

/// <summary>An installed agent server with our start script beside it.</summary>
/// <param name="Folder">Below <c>${toolchain}</c>, with <c>/</c>: a virtual environment.</param>
/// <param name="Start">Name of the start script's folder inside it.</param>
internal sealed record PythonServerTool(string Folder, string Start);

/// <summary>
/// Installs agent servers into the toolchain, never into a project: one for each version, interpreter and set of the packages that server
/// and project share, since a process has one version of each.
/// </summary>
internal sealed class PythonServerTools(IToolchains toolchains, PythonTools tools)
{
    private static readonly EmbeddedFiles s_startFiles = EmbeddedFiles.Of("py-start/");
    private static readonly EmbeddedFiles s_serverFiles = EmbeddedFiles.Of("py-server/");
    private static readonly string s_start = $"start-{s_startFiles.Hash}";

    /// <summary>Of the default server and our start script.</summary>
    public static string Fingerprint { get; } = $"{ServerVersion.Package}@{ServerVersion.Default} {s_serverFiles.Hash} {s_start}";

    /// <summary>The server's own packages, resolved without any project: once, and then as they are.</summary>
    /// <exception cref="BuildUnavailableException">The package sources did not give the version.</exception>
    public async Task<PinnedPackages> PackagesAsync(ServerVersion version, PythonTool python, UvTool uv, CancellationToken cancellationToken)
    {
        if (version.IsDefault) return PinnedPackages.Parse(s_serverFiles["requirements.txt"].Split('\n'));

        var name = $"langgraph-api-py/packages-{EmbeddedFiles.HashOf([version.Wanted.Text, Minor(python)])}";
        var folder = await toolchains.EnsureAsync(name, async (into, stop) =>
        {
            await File.WriteAllTextAsync(Path.Combine(into, "requirements.in"), $"{ServerVersion.Package}{version.Wanted.Text}\n{ServerVersion.Runtime}\n", stop);
            var arguments = (string[])["pip", "compile", "requirements.in", "-o", "requirements.txt", "--quiet", "--no-header", "--no-annotate", "--no-build", "--python", python.Program];
            await tools.RunAsync(uv.Command(arguments, into), $"uv pip compile of {ServerVersion.Package}{version.Wanted}", stop);
        }, cancellationToken);
        return PinnedPackages.Parse(await File.ReadAllLinesAsync(Path.Combine(folder, "requirements.txt"), cancellationToken));
    }

    /// <param name="packages">Only from the operator's sources, and none that would run a project's code to be built.</param>
    /// <exception cref="BuildUnavailableException">The package sources did not give them.</exception>
    public async Task<PythonServerTool> EnsureAsync(IReadOnlyList<string> packages, PythonTool python, UvTool uv, IBuildLog log, CancellationToken cancellationToken)
    {
        var ownPins = s_serverFiles["requirements.txt"].Split('\n');
        var version = packages.First(line => line.StartsWith($"{ServerVersion.Package}==", StringComparison.Ordinal)).Split("==")[1];
        var name = $"langgraph-api-py/{version}-py{Minor(python)}-{EmbeddedFiles.HashOf([.. packages, python.Program, python.Version])}";
        var folder = await toolchains.EnsureAsync(name, async (into, stop) =>
        {
            log.Write("INFO", $"Bringing the agent server {ServerVersion.Package} {version} into the toolchain.");
            var list = Path.Combine(into, "packages.txt");
            await File.WriteAllLinesAsync(list, packages, stop);
            await tools.RunAsync(uv.Command(["venv", "--quiet", "--relocatable", "--allow-existing", "--python", python.Program, into], into), "uv venv", stop);

            var wheelsOnly = packages.Except(ownPins, StringComparer.Ordinal).SelectMany(line => new[] { "--only-binary", line.Split("==")[0] });
            var arguments = (string[])["pip", "install", "--quiet", "--compile-bytecode", "--python", Path.Combine(into, "bin", "python"), "-r", list, .. wheelsOnly];
            await tools.RunAsync(uv.Command(arguments, into), $"uv pip install of the agent server {ServerVersion.Package} {version}", stop);
        }, cancellationToken);

        await s_startFiles.WriteAsync(Path.Combine(folder, s_start), cancellationToken);
        return new PythonServerTool($"{Placeholders.Toolchain}/{name}", s_start);
    }

    private static string Minor(PythonTool python) => string.Join('.', python.Version.Split('.').Take(2));
}
