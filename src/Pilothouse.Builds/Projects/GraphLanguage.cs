using System.Text.Json;
using System.Text.RegularExpressions;
using Pilothouse.Builds.AgentServers;
using Pilothouse.Builds.Sources;

namespace Pilothouse.Builds.Projects;

/// <summary>Tells from the graphs which agent server runs a project.</summary>
internal static partial class GraphLanguage
{
    private static readonly string[] s_javaScript = [".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx"];

    /// <returns>Null when there is none or more than one, which is a fault then.</returns>
    public static AgentServerKind? Find(ConfigCheck check, JsonElement config)
    {
        if (!config.TryGetProperty("graphs", out var graphs) || graphs.ValueKind != JsonValueKind.Object || !graphs.EnumerateObject().Any())
        {
            check.Fault("graphs", "is missing or empty; name at least one graph, e.g. \"graphs\": {\"agent\": \"./src/agent.ts:graph\"}.");
            return null;
        }

        var kinds = graphs.EnumerateObject().Select(graph => (graph.Name, Kind: Of(graph.Value))).ToArray();
        if (kinds.FirstOrDefault(graph => graph.Kind == AgentServerKind.JavaScript).Name is { } script
            && kinds.FirstOrDefault(graph => graph.Kind == AgentServerKind.Python).Name is { } python)
        {
            check.Fault("graphs", $"has JavaScript ({SourcePath.Shown(script)}) and Python ({SourcePath.Shown(python)}); the in-memory agent servers run one language each, so deploy them as two deployments.");
            return null;
        }

        // A graph of which nothing can be told is the business of the server that runs the others.
        if (kinds.FirstOrDefault(graph => graph.Kind is not null).Kind is { } kind) return kind;
        foreach (var graph in graphs.EnumerateObject())
            check.Fault($"graphs.{graph.Name}", $"is {SourcePath.Shown(graph.Value.GetRawText())}; it must name a Python, JavaScript or TypeScript file and what it exports, like ./src/agent.ts:graph.");
        return null;
    }

    private static AgentServerKind? Of(JsonElement graph)
    {
        if (graph.ValueKind == JsonValueKind.Object && graph.TryGetProperty("path", out var path)) graph = path;
        if (graph.ValueKind != JsonValueKind.String) return null;
        var text = graph.GetString()!;
        var colon = text.LastIndexOf(':');
        var file = colon > 0 ? text[..colon] : text;
        if (s_javaScript.Contains(Path.GetExtension(file), StringComparer.Ordinal)) return AgentServerKind.JavaScript;
        return Path.GetExtension(file) is ".py" || colon > 0 && Module().IsMatch(file) ? AgentServerKind.Python : null;
    }

    /// <summary><c>my_agent.graph</c></summary>
    [GeneratedRegex(@"^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Module();
}
