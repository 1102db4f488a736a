using System.Globalization;
using System.Text.RegularExpressions;

namespace Pilothouse.Bench.Apis;

/// <param name="PerSecond">Requests.</param>
/// <param name="P99">Milliseconds.</param>
internal sealed record Measured(double PerSecond, double P99);

/// <summary>What 16 connections ask for: wrk with a script of ours, so that the load costs little beside what is measured.</summary>
internal sealed partial class Load(string folder, string core, string key)
{
    private const int Connections = 16;

    private int _runs;

    /// <summary>Deployments by id, one after the other.</summary>
    public static string Get(IEnumerable<Guid> ids) =>
        $$"""
        local paths = { {{string.Join(',', ids.Select(id => $"\"/v2/deployments/{id}\""))}} }
        local at = 0
        request = function()
          at = at % #paths + 1
          return wrk.format("GET", paths[at])
        end
        """;

    public static string List() => """request = function() return wrk.format("GET", "/v2/deployments?limit=20") end""";

    public static string Create() =>
        """
        local at = 0
        request = function()
          at = at + 1
          return wrk.format("POST", "/v2/deployments", nil, string.format(
            '{"name":"RUN-%d","source":"internal_source","source_config":{"deployment_type":"prod"},"source_revision_config":{},"secrets":[]}', at))
        end
        """;

    /// <summary>Each changes something, and none makes a revision.</summary>
    public static string Patch(IEnumerable<Guid> ids) =>
        $$$"""
        local paths = { {{{string.Join(',', ids.Select(id => $"\"/v2/deployments/{id}\""))}}} }
        local at = 0
        request = function()
          at = at + 1
          return wrk.format("PATCH", paths[at % #paths + 1], nil, string.format('{"source_config":{"build_command":"make RUN-%d"}}', at))
        end
        """;

    public async Task<Measured> RunAsync(Uri server, string script, int seconds)
    {
        var file = Path.Combine(folder, "load.lua");
        await File.WriteAllTextAsync(
            file,
            $"wrk.headers['X-Api-Key'] = '{key}'\nwrk.headers['Content-Type'] = 'application/json'\n"
            + script.Replace("RUN", $"r{_runs++}", StringComparison.Ordinal));
        var lines = await BenchProcess.OutputAsync(
            "taskset", "-c", core, "wrk", "-t1", $"-c{Connections}", $"-d{seconds}s", "--latency", "-s", file, server.AbsoluteUri);
        if (lines.Contains("Non-2xx", StringComparison.Ordinal) || PerSecond().Match(lines) is not { Success: true } rate || Slowest().Match(lines) is not { Success: true } slow)
            throw new InvalidOperationException($"{server}, {script.Split('\n')[0][..Math.Min(80, script.Split('\n')[0].Length)]}:\n{lines}");
        return new Measured(
            double.Parse(rate.Groups[1].Value, CultureInfo.InvariantCulture),
            double.Parse(slow.Groups[1].Value, CultureInfo.InvariantCulture) * slow.Groups[2].Value switch { "us" => 0.001, "ms" => 1, _ => 1000 });
    }

    [GeneratedRegex(@"Requests/sec:\s+([0-9.]+)")]
    private static partial Regex PerSecond();

    [GeneratedRegex(@"\n\s+99%\s+([0-9.]+)(us|ms|s)")]
    private static partial Regex Slowest();
}
