using System.Text.Json;
using Pilothouse.Builds.AgentServers.JavaScript;

namespace Pilothouse.Builds.AgentServers;

internal static class ProjectEnvironment
{
    /// <summary>The <c>env</c> map of langgraph.json; a file name there is for local runs, its values arrive as secrets.</summary>
    public static IReadOnlyDictionary<string, string> Of(JsonElement config)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        if (config.Member("env") is not { ValueKind: JsonValueKind.Object } map) return environment;
        foreach (var variable in map.EnumerateObject())
            environment[variable.Name] = variable.Value.ValueKind == JsonValueKind.String ? variable.Value.GetString()! : variable.Value.GetRawText();
        return environment;
    }
}
