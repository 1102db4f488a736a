using System.Diagnostics;

namespace Pilothouse.Bench.Deploying;

/// <summary>What a developer would do without us: install with the project's package manager, start the server's own command line, wait for <c>/ok</c>.</summary>
internal static class ByHand
{
    private const string JavaScriptCli = "@langchain/langgraph-cli@1.5.1";

    /// <param name="cache">npm's; null: this user's, filled already.</param>
    public static async Task<double> JavaScriptAsync(IReadOnlyDictionary<string, string> files, string? cache = null)
    {
        var folder = Places.Write(files);
        var environment = cache is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["npm_config_cache"] = cache };
        environment["LANGGRAPH_CLI_NO_ANALYTICS"] = "1";
        try
        {
            var port = BenchProcess.FreePort();
            var began = Stopwatch.GetTimestamp();
            await BenchProcess.RunAsync(folder, environment, "npm", "ci", "--no-audit", "--no-fund", "--prefer-offline");
            await BenchProcess.RunAsync(folder, environment, "npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefer-offline", "--legacy-peer-deps", JavaScriptCli);
            await using var server = BenchProcess.Start(folder, environment, Path.Combine(folder, "node_modules", ".bin", "langgraphjs"), "dev", "--no-browser", "--host", "127.0.0.1", "--port", $"{port}");
            await server.UntilOkAsync(new Uri($"http://127.0.0.1:{port}/ok"));
            return Stopwatch.GetElapsedTime(began).TotalSeconds;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public static async Task<double> PythonAsync(IReadOnlyDictionary<string, string> files)
    {
        var folder = Places.Write(files);
        var environment = new Dictionary<string, string> { ["LANGGRAPH_CLI_NO_ANALYTICS"] = "1", ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1" };
        try
        {
            var port = BenchProcess.FreePort();
            var began = Stopwatch.GetTimestamp();
            await BenchProcess.RunAsync(folder, environment, "python3", "-m", "venv", ".venv");
            var pip = Path.Combine(folder, ".venv", "bin", "pip");
            var own = files.ContainsKey("requirements.txt") ? (string[])["-r", "requirements.txt"] : ["-e", "."];
            await BenchProcess.RunAsync(folder, environment, [pip, "install", "--quiet", "langgraph-cli[inmem]", .. own]);
            await using var server = BenchProcess.Start(
                folder, environment, Path.Combine(folder, ".venv", "bin", "langgraph"), "dev", "--no-browser", "--no-reload", "--host", "127.0.0.1", "--port", $"{port}");
            await server.UntilOkAsync(new Uri($"http://127.0.0.1:{port}/ok"));
            return Stopwatch.GetElapsedTime(began).TotalSeconds;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
