using Pilothouse.Builds.AgentServers;
using Pilothouse.Builds.AgentServers.Python;
using Pilothouse.Builds.Tests.AgentServers.JavaScript;
using Pilothouse.Builds.Toolchains;

namespace Pilothouse.Builds.Tests.AgentServers.Python;

/// <summary>The real thing on this host, with packages from the folder of wheels beside the repository alone.</summary>
internal static class PythonHost
{
    public static string Wheels { get; } = FindWheels();

    public static PythonTools Tools { get; } = new(NodeHost.Toolchains, RunAsync);

    public static PythonServerTools PythonServerTools { get; } = new(NodeHost.Toolchains, Tools);

    public static PythonServer Server { get; } = new(Tools, PythonServerTools);

    public static string EchoSample { get; } = Path.Combine(Path.GetDirectoryName(NodeHost.EchoSample)!, "echo-py");

    /// <summary>What an operator's settings add to every command.</summary>
    public static Task<int> RunAsync(ToolCommand command, Action<string> onLine, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>(command.Environment, StringComparer.Ordinal)
        {
            ["PIP_NO_INDEX"] = "1",
            ["PIP_FIND_LINKS"] = Wheels,
            ["UV_HTTP_RETRIES"] = "0",
        };
        return NodeHost.RunCommandAsync(command with { Environment = environment }, onLine, cancellationToken);
    }

    /// <summary>Writes the files of a project and reads its langgraph.json.</summary>
    public static AgentProject Project(string root, string configPath, params (string Path, string Text)[] files)
    {
        foreach (var (path, text) in files)
        {
            var file = Path.Combine(root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }

        return NodeHost.Project(root, configPath);
    }

    private static string FindWheels()
    {
        var folder = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(NodeHost.EchoSample)!, "..", "..", "shared", "wheels"));
        return Directory.Exists(folder)
            ? folder
            : throw new InvalidOperationException($"The tests of Python projects take their packages from {folder}, which is not there.");
    }
}
