using System.Text.Json;
using Pilothouse.Builds.Toolchains;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.AgentServers.JavaScript;

/// <summary>Makes a JavaScript or TypeScript project ready for <c>@langchain/langgraph-api</c>, the in-memory agent server.</summary>
internal sealed class JavaScriptServer(IToolchains toolchains, NodeTools nodeTools, ServerTools serverTools) : IAgentServer
{
    public AgentServerKind Kind => AgentServerKind.JavaScript;

    public string Fingerprint => $"{ServerTools.Fingerprint} {NodeTools.Fingerprint()}";

    public IReadOnlyList<string> Faults(AgentProject project)
    {
        var faults = new List<string>(JavaScriptDefinition.Faults(project.SourceRoot, project.ConfigPath, project.Config));
        if (NodeRequirement.Of(project.ConfigFile, project.Config).Fault is { } fault) faults.Add(fault);

        NodePackage? package;
        try
        {
            package = NodePackage.Find(project.SourceRoot, project.Folder);
        }
        catch (JsonException broken)
        {
            return [.. faults, $"A package.json of the project is not valid JSON: {broken.Message}"];
        }

        if (package is null && project.InstallCommand is null)
            faults.Add($"There is no package.json beside or above {project.ConfigPath}: the agent server needs the project's own @langchain/langgraph and @langchain/core. Run 'npm install @langchain/langgraph @langchain/core' and deploy again.");
        if (package is not null)
            faults.AddRange(ServerVersion.Faults(package));
        if (package is not null && project.InstallCommand is null && package.NamesNoPackage)
            faults.Add("package.json names no packages: the agent server needs the project's own @langchain/langgraph and @langchain/core. Run 'npm install @langchain/langgraph @langchain/core' and deploy again.");
        return faults;
    }

    public async Task<AgentServerBuild> BuildAsync(
        AgentProject project, RunCommand run, IBuildLog log, CancellationToken cancellationToken)
    {
        var package = NodePackage.Find(project.SourceRoot, project.Folder);
        var node = await nodeTools.NodeAsync(NodeRequirement.Of(project.ConfigFile, project.Config).Major, log, cancellationToken);
        var version = ServerVersion.Default;
        var reason = "the default";
        if (package is not null) version = ServerVersion.Choose(package, out reason);
        log.Write("INFO", $"Node {node.Version}; agent server {ServerVersion.Package} {version} ({reason}).");

        // Neither needs the other; on a host's first build the server takes the longer.
        var installing = serverTools.EnsureAsync(version, log, cancellationToken);
        var install = new ProjectInstall(toolchains, nodeTools, run, log);
        string? refused;
        ServerTool server;
        try
        {
            refused = await install.InstallAsync(project, package, node, cancellationToken);
        }
        finally
        {
            server = await installing;
        }

        refused ??= MissingAfterInstall(project);
        if (refused is not null) return new AgentServerBuild.Refused(refused);
        return new AgentServerBuild.Ready(
            JavaScriptLaunch.Spec(node.LaunchProgram, server.Folder, server.Start, Path.Combine("src", project.RelativeFolder).TrimEnd('/'), project.Config),
            $"langgraph-api (js) {server.Version}");
    }

    /// <summary>What manifest and lock file did not tell, the installed packages do.</summary>
    private static string? MissingAfterInstall(AgentProject project)
    {
        foreach (var (name, needed) in ServerVersion.Peers)
        {
            var isCore = name is "@langchain/core";
            switch (NodePackage.Installed(name, project.SourceRoot, project.Folder))
            {
                // Strict installers put core beside LangGraph only; the start script finds it there.
                case null when isCore:
                    break;
                case null:
                    return $"{name} is not installed in the project; the agent server runs with the project's own ({needed}). Add it to package.json and deploy again.";
                case { } installed when !needed.Contains(installed):
                    return ServerVersion.TooOld(name, installed.ToString(), "node_modules", needed);
            }
        }

        return null;
    }
}
