using System.Diagnostics;
using Xunit;

namespace Pilothouse.EndToEnd.World;

/// <summary>How a program ended.</summary>
public sealed record Ended(int Code, string Output, string Error)
{
    public override string ToString() => $"exit code {Code}\n{Output}\n{Error}";
}

/// <summary>The official deploy command line (<c>langgraph-cli</c>), unmodified, in an environment of its own that later runs find again.</summary>
public static class OfficialCli
{
    private const string Version = "0.4.40";
    private static readonly Lazy<Task<string>> s_program = new(InstallAsync);

    public static Task<Ended> RunAsync(RunningServer server, string folder, params string[] arguments) =>
        RunAsync(server, folder, new Dictionary<string, string>(StringComparer.Ordinal), arguments);

    /// <summary>Talks to <paramref name="server"/> through the variables that its users set.</summary>
    public static async Task<Ended> RunAsync(RunningServer server, string folder, Dictionary<string, string> environment, params string[] arguments)
    {
        using var process = await StartAsync(server, folder, environment, arguments);
        var output = process.StandardOutput.ReadToEndAsync(Repository.Cancel);
        var error = process.StandardError.ReadToEndAsync(Repository.Cancel);
        await process.WaitForExitAsync(Repository.Cancel);
        return new Ended(process.ExitCode, await output, await error);
    }

    /// <summary>For commands that run until they are stopped; the caller reads, ends and disposes.</summary>
    public static async Task<Process> StartAsync(RunningServer server, string folder, Dictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(await s_program.Value, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["LANGGRAPH_HOST_URL"] = $"{server.Address.AbsoluteUri.TrimEnd('/')}/api-host";
        start.Environment["LANGSMITH_API_KEY"] = server.Key;
        start.Environment["LANGGRAPH_CLI_NO_ANALYTICS"] = "1";
        start.Environment["NO_COLOR"] = "1";
        start.Environment["COLUMNS"] = "200";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    private static async Task<string> InstallAsync()
    {
        var folder = Repository.Cache($"langgraph-cli-{Version}");
        var program = Path.Combine(folder, "bin", "langgraph");
        var done = Path.Combine(folder, "installed");
        if (File.Exists(done)) return program;
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        await ToolAsync("python3", ["-m", "venv", folder]);
        await ToolAsync(Path.Combine(folder, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", $"langgraph-cli=={Version}"]);
        await File.WriteAllTextAsync(done, Version);
        return program;
    }

    private static async Task ToolAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in Repository.PackageSources) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program}: {await output}\n{await error}");
    }
}
