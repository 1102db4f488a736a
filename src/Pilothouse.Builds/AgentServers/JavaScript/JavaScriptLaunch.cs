using System.Text.Json;
using Pilothouse.Core.Launching;

namespace Pilothouse.Builds.AgentServers.JavaScript;

/// <summary>How the in-memory JavaScript server is started (agent servers reference, section 1): one process, no watcher, no CLI.</summary>
internal static class JavaScriptLaunch
{
    /// <param name="node">Program of Node: absolute, or below <c>${toolchain}</c>.</param>
    /// <param name="server">Folder of the installed server below <c>${toolchain}</c>, with <c>/</c>.</param>
    /// <param name="start">Folder of our start script, relative to <paramref name="server"/>.</param>
    /// <param name="projectFolder">Folder of langgraph.json below the artifact, with <c>/</c>, e.g. <c>src/app</c>.</param>
    public static LaunchSpec Spec(string node, string server, string start, string projectFolder, JsonElement config) => new()
    {
        Arguments =
        [
            node,
            $"{server}/{start}/start.mjs",
            Placeholders.Host,
            Placeholders.Port,
            Placeholders.State,
            JavaScriptDefinition.ToJson(config),
        ],
        Environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["LOG_JSON"] = "true",
            ["LOG_LEVEL"] = "info",
            ["NO_COLOR"] = "1",
        },
        ProjectEnvironment = AgentServers.ProjectEnvironment.Of(config),
        // The project's folder, where its relative paths, tsconfig.json and imports mean what its author saw; state goes to ${state} by argument.
        WorkingDirectory = $"{Placeholders.Artifact}/{projectFolder}",
        HealthPath = "/ok",
        // The server's own answers need the project's auth and leave out runs without a thread.
        Busy = new BusyProbe("GET", "/.pilothouse/busy", Body: null, BusyReading.BusyIds),
        State = StateLocation.Files,
        StopLimit = TimeSpan.FromSeconds(15),
        BringsOwnAuth = config.Member("auth").Text("path") is not null,
    };
}
