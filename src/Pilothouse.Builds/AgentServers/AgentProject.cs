using System.Text.Json;
using Pilothouse.Builds.Toolchains;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Launching;

namespace Pilothouse.Builds.AgentServers;

/// <param name="SourceRoot">Absolute; the unpacked source, at the place where it is built.</param>
/// <param name="ConfigPath">Of langgraph.json below it, with <c>/</c>.</param>
/// <param name="InstallCommand">Runs from the root of the source; null: by lock file.</param>
/// <param name="BuildCommand">Runs from the folder of langgraph.json; null: none.</param>
internal sealed record AgentProject(string SourceRoot, string ConfigPath, JsonElement Config, string? InstallCommand, string? BuildCommand)
{
    public string ConfigFile => Path.GetFileName(ConfigPath);

    public string Folder => Path.GetDirectoryName(Path.Combine(SourceRoot, ConfigPath))!;

    /// <summary>The same below the root, with <c>/</c>; empty for the root.</summary>
    public string RelativeFolder => (Path.GetDirectoryName(ConfigPath) ?? "").Replace('\\', '/');
}

internal enum AgentServerKind
{
    JavaScript,
    Python,
}

/// <summary>Prepares projects of one kind to be run by one kind of agent server.</summary>
internal interface IAgentServer
{
    AgentServerKind Kind { get; }

    /// <summary>
    /// Another text whenever the same source could now become another artifact: default versions, start scripts, programs of the host. Asked for at
    /// each build, so it starts no program.
    /// </summary>
    string Fingerprint { get; }

    /// <summary>What can be refused before anything is installed, one sentence each that says what to fix; empty when nothing.</summary>
    IReadOnlyList<string> Faults(AgentProject project);

    /// <summary>
    /// Installs and builds in place, below <see cref="AgentProject.SourceRoot"/> and its siblings; nothing in the result may name that place, since the
    /// finished artifact is moved. Call <see cref="Faults"/> first.
    /// </summary>
    /// <param name="run">Runs the project's own programs: in the sandbox.</param>
    /// <exception cref="BuildUnavailableException">A registry or the host failed; safe to retry.</exception>
    Task<AgentServerBuild> BuildAsync(AgentProject project, RunCommand run, IBuildLog log, CancellationToken cancellationToken);
}

/// <summary>How preparing a project ended.</summary>
internal abstract record AgentServerBuild
{
    private AgentServerBuild()
    {
    }

    /// <param name="ServerName">For people, e.g. <c>langgraph-api (js) 2.0.0</c>.</param>
    public sealed record Ready(LaunchSpec Launch, string ServerName) : AgentServerBuild;

    /// <param name="Message">One sentence that says what to fix.</param>
    public sealed record Refused(string Message) : AgentServerBuild;
}
