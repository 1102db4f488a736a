using System.Diagnostics;
using System.Text.Json;
using Pilothouse.Builds.AgentServers;
using Pilothouse.Builds.AgentServers.JavaScript;
using Pilothouse.Builds.Toolchains;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.Tests.AgentServers.JavaScript;

/// <summary>The real thing on this host: its toolchain and package caches, which later runs of the tests find again.</summary>
internal static class NodeHost
{
    private static readonly string s_cache = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
            ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "pilothouse");

    public static HostToolchains Toolchains { get; } = new(Path.Combine(s_cache, "toolchains"), Path.Combine(s_cache, "caches"), TimeProvider.System);

    public static NodeTools Tools { get; } = new(Toolchains, RunAsync);

    public static JavaScriptServer Server { get; } = new(Toolchains, Tools, new ServerTools(Toolchains, Tools));

    public static string EchoSample { get; } = Path.Combine(RepositoryRoot(), "samples", "echo-js");

    /// <summary>Copies a folder, without what an install left there.</summary>
    public static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(from, file);
            if (relative.StartsWith("node_modules", StringComparison.Ordinal)) continue;
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(to, relative))!);
            File.Copy(file, Path.Combine(to, relative));
        }
    }

    public static AgentProject Project(string root, string configPath = "langgraph.json", string? install = null, string? build = null)
    {
        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(root, configPath)));
        return new AgentProject(root, configPath, config.RootElement.Clone(), install, build);
    }

    private static async Task<int> RunAsync(ToolCommand command, Action<string> onLine, CancellationToken cancellationToken) =>
        await RunCommandAsync(command, onLine, cancellationToken);

    public static async Task<int> RunCommandAsync(ToolCommand command, Action<string> onLine, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command.Arguments[0], command.Arguments.Skip(1))
        {
            WorkingDirectory = command.WorkingDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in command.Environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => { if (line.Data is not null) onLine(line.Data); };
        process.ErrorDataReceived += (_, line) => { if (line.Data is not null) onLine(line.Data); };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode;
    }

    private static string RepositoryRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Pilothouse.slnx"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}

internal sealed class RecordedLog : IBuildLog
{
    public List<string> Lines { get; } = [];

    public string Text => string.Join('\n', Lines);

    public void Write(string level, string message)
    {
        lock (Lines) Lines.Add($"{level} {message}");
    }
}
