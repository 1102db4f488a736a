using System.Diagnostics;

namespace Pilothouse.Bench.Deploying;

/// <summary>
/// The agent server as its vendor ships it, installed into the project and started lean: one process, no watcher, no command line of its own.
/// What one would write without us.
/// </summary>
internal sealed class LeanServer : IDisposable
{
    private const string JavaScriptStart = """
        import { startServer } from "@langchain/langgraph-api/server";
        const { cleanup } = await startServer({ port: Number(process.env.PORT), nWorkers: 10, host: "127.0.0.1", ...JSON.parse(process.argv.at(-1)) });
        process.once("SIGTERM", async () => { await cleanup(); process.exit(0); });
        """;

    private readonly string _folder;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly Func<int, string[]> _command;

    private LeanServer(string folder, IReadOnlyDictionary<string, string> environment, Func<int, string[]> command)
    {
        _folder = folder;
        _environment = environment;
        _command = command;
    }

    public static async Task<LeanServer> JavaScriptAsync(IReadOnlyDictionary<string, string> files)
    {
        var folder = Places.Write(files);
        var nothing = new Dictionary<string, string>();
        await BenchProcess.RunAsync(folder, nothing, "npm", "ci", "--no-audit", "--no-fund", "--prefer-offline");
        await BenchProcess.RunAsync(
            folder, nothing, "npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefer-offline", "--legacy-peer-deps",
            "@langchain/langgraph-api@2.0.0", "tsx@4.23.15", "typescript@5.9.3");
        await File.WriteAllTextAsync(Path.Combine(folder, "lean.mjs"), JavaScriptStart);
        var definition = $$"""{"cwd":"{{folder}}","graphs":{"agent":"./src/agent.ts:graph"} }""";
        return new LeanServer(
            folder,
            new Dictionary<string, string> { ["LOG_JSON"] = "true", ["NO_COLOR"] = "1" },
            _ => ["node", "--import", "tsx", "--import", Path.Combine(folder, "node_modules", "@langchain", "langgraph-api", "dist", "preload.mjs"), "lean.mjs", definition]);
    }

    public static async Task<LeanServer> PythonAsync(IReadOnlyDictionary<string, string> files)
    {
        var folder = Places.Write(files);
        var quiet = new Dictionary<string, string> { ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1" };
        var python = Path.Combine(folder, ".venv", "bin", "python");
        await BenchProcess.RunAsync(folder, quiet, "python3", "-m", "venv", ".venv");
        var own = files.ContainsKey("requirements.txt") ? (string[])["-r", "requirements.txt"] : ["-e", "."];
        await BenchProcess.RunAsync(folder, quiet, [python, "-m", "pip", "install", "--quiet", "langgraph-api", "langgraph-runtime-inmem", .. own]);
        return new LeanServer(
            folder,
            new Dictionary<string, string>
            {
                ["LANGGRAPH_RUNTIME_EDITION"] = "inmem",
                ["DATABASE_URI"] = ":memory:",
                ["REDIS_URI"] = "fake",
                ["MIGRATIONS_PATH"] = "__inmem",
                ["LANGSERVE_GRAPHS"] = """{"agent":"./agent.py:graph"}""",
                ["LOG_JSON"] = "true",
            },
            port => [python, "-m", "uvicorn", "langgraph_api.server:app", "--host", "127.0.0.1", "--port", $"{port}"]);
    }

    /// <returns>Seconds until <c>/ok</c>, on no state.</returns>
    public async Task<double> BootAsync()
    {
        var state = Path.Combine(_folder, ".langgraph_api");
        if (Directory.Exists(state)) Directory.Delete(state, recursive: true);
        var port = BenchProcess.FreePort();
        var began = Stopwatch.GetTimestamp();
        await using var server = BenchProcess.Start(
            _folder, new Dictionary<string, string>(_environment) { ["PORT"] = $"{port}" }, _command(port));
        await server.UntilOkAsync(new Uri($"http://127.0.0.1:{port}/ok"));
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
