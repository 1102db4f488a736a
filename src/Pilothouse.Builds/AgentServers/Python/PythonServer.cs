using System.Text.Json;
using Pilothouse.Builds.AgentServers.JavaScript;
using Pilothouse.Builds.Toolchains;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.AgentServers.Python;

/// <summary>Makes a Python project ready for <c>langgraph-api</c> with its in-memory runtime.</summary>
internal sealed class PythonServer(PythonTools tools, PythonServerTools serverTools) : IAgentServer
{
    public AgentServerKind Kind => AgentServerKind.Python;

    public string Fingerprint => $"{PythonServerTools.Fingerprint} {PythonTools.Fingerprint()}";

    public IReadOnlyList<string> Faults(AgentProject project) => [.. PythonFaults.Of(PythonProject.Read(project)).Distinct(StringComparer.Ordinal)];

    public async Task<AgentServerBuild> BuildAsync(
        AgentProject project, RunCommand run, IBuildLog log, CancellationToken cancellationToken)
    {
        SayWhatIsLeftOut(project, log);
        var python = PythonProject.Read(project);
        var wanted = PythonRequirement.Of(project.ConfigFile, project.Config);
        var search = await tools.PythonAsync(wanted.Minor, log, cancellationToken);
        if (search.Tool is not { } interpreter) return new AgentServerBuild.Refused(NoSuchPython(project, wanted, search.There));

        var uv = await tools.UvAsync(log, cancellationToken);
        var version = ServerVersion.Of(python);
        var own = await serverTools.PackagesAsync(version, interpreter, uv, cancellationToken);
        var number = own.Versions[ServerVersion.Package];
        log.Write("INFO", $"Python {interpreter.Version}; agent server {ServerVersion.Package} {number} ({version.Reason}).");

        var install = new ProjectInstall(python, interpreter, tools.ForProjects(uv, Sources(project, uv)), run, log);
        var resolution = await install.ResolveAsync(own, cancellationToken);
        if (resolution.Refused is { } conflict) return new AgentServerBuild.Refused(conflict);

        // Neither needs the other; on a host's first build the server takes the longer.
        var installing = serverTools.EnsureAsync(resolution.Server, interpreter, uv, log, cancellationToken);
        string? refused;
        PythonServerTool server;
        try
        {
            refused = await install.InstallAsync(resolution, cancellationToken);
        }
        finally
        {
            server = await installing;
        }

        return refused is null
            ? new AgentServerBuild.Ready(PythonLaunch.Spec(server, python), $"langgraph-api (py) {number}")
            : new AgentServerBuild.Refused(refused);
    }

    private static string NoSuchPython(AgentProject project, PythonRequirement wanted, IReadOnlyList<string> there)
    {
        var has = there.Count == 0 ? "this host has no Python that would do" : $"this host has Python {string.Join(" and ", there)}";
        return project.Config.Member("python_version").ValueKind == JsonValueKind.Undefined
            ? $"Python {wanted.Text}, which a project gets that names no python_version, is not here and uv could not bring it; {has}. Name one of these in {project.ConfigPath}, or have it installed on the host."
            : $"{project.ConfigPath}: python_version is \"{wanted.Text}\", which is not here and uv could not bring it; {has}. Ask for one of these, or have it installed on the host.";
    }

    private static UvSources Sources(AgentProject project, UvTool uv) =>
        project.Config.Text("pip_config_file") is { } file && Path.Combine(project.Folder, file) is var path && File.Exists(path)
            ? uv.Sources.Over(File.ReadLines(path), project.Folder)
            : uv.Sources;

    private static void SayWhatIsLeftOut(AgentProject project, IBuildLog log)
    {
        if (project.Config.Member("ui").ValueKind == JsonValueKind.Object)
            log.Write("WARNING", $"{project.ConfigPath}: ui is left out; its components need Node beside the Python server, which is not started here. The agents work without them.");
        if (project.Config.Text("pip_installer") is "pip")
            log.Write("INFO", $"{project.ConfigPath}: pip_installer is \"pip\"; packages are installed by uv all the same, from the sources that pip's settings name.");
        if (project.InstallCommand is not null || project.BuildCommand is not null)
            log.Write("WARNING", "install_command and build_command are for JavaScript projects; what a Python project needs installed is said by dependencies.");
    }
}
