using Pilothouse.Builds.AgentServers.JavaScript;
using Pilothouse.Core.Launching;

namespace Pilothouse.Builds.AgentServers.Python;

/// <summary>How the in-memory Python server is started (agent servers reference, section 1): by our start script, without the vendor's CLI.</summary>
internal static class PythonLaunch
{
    public static LaunchSpec Spec(PythonServerTool server, PythonProject project) => new()
    {
        Arguments =
        [
            $"{server.Folder}/bin/python",
            $"{server.Folder}/{server.Start}/start.py",
            Placeholders.Host,
            Placeholders.Port,
            Placeholders.State,
            Placeholders.Artifact,
            PythonDefinition.ToJson(project),
        ],
        Environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["LOG_JSON"] = "true",
            ["LOG_LEVEL"] = "INFO",
            ["NO_COLOR"] = "1",
            // What the project prints is a log line now, not when 8 KiB of it have come together.
            ["PYTHONUNBUFFERED"] = "1",
        },
        ProjectEnvironment = ProjectEnvironment.Of(project.Agent.Config),
        // The project's folder, where its relative paths mean what its author saw; state goes to ${state} by argument.
        WorkingDirectory = $"{Placeholders.Artifact}/{Path.Combine("src", project.Agent.RelativeFolder).TrimEnd('/')}",
        HealthPath = "/ok",
        // The server's own answers count runs and do not name them.
        Busy = new BusyProbe("GET", "/.pilothouse/busy", Body: null, BusyReading.BusyIds),
        State = StateLocation.Files,
        // 2 s for requests, 5 s for runs that do not let go, the rest for the files.
        StopLimit = TimeSpan.FromSeconds(15),
        BringsOwnAuth = project.Agent.Config.Member("auth").Text("path") is not null,
        ScratchEnvironment = new Dictionary<string, string>(StringComparer.Ordinal) { ["LANGGRAPH_DISABLE_FILE_PERSISTENCE"] = "true" },
    };
}
