using System.Text.Json;
using System.Text.Json.Nodes;
using Pilothouse.Builds.AgentServers.JavaScript;

namespace Pilothouse.Builds.AgentServers.Python;

/// <summary>
/// What of langgraph.json the server is started with, checked against the files that are there. Paths stay relative to the folder of
/// langgraph.json, the server's working directory: it names modules after them, and saved state names modules.
/// </summary>
internal static class PythonDefinition
{
    private static readonly (string Key, string Variable)[] s_sections =
    [
        ("store", "LANGGRAPH_STORE"), ("http", "LANGGRAPH_HTTP"), ("encryption", "LANGGRAPH_ENCRYPTION"), ("priority", "LANGGRAPH_PRIORITY"),
        ("webhooks", "LANGGRAPH_WEBHOOKS"), ("checkpointer", "LANGGRAPH_CHECKPOINTER"),
    ];

    /// <summary>Objects other than graphs that the server loads from the project.</summary>
    private static readonly (string Section, string Key)[] s_targets =
        [("auth", "path"), ("http", "app"), ("encryption", "path"), ("checkpointer", "path"), ("priority", "path")];

    /// <summary>Every fault of the configuration that can be known before anything is installed; empty when there is none.</summary>
    public static IEnumerable<string> Faults(PythonProject project)
    {
        var (config, file) = (project.Agent.Config, project.Agent.ConfigPath);
        if (config.Member("graphs").ValueKind != JsonValueKind.Object || !config.Member("graphs").EnumerateObject().Any())
            yield return $"{file}: graphs is missing or empty; name at least one graph, e.g. \"graphs\": {{\"agent\": \"./agent.py:graph\"}}.";
        else
            foreach (var graph in config.Member("graphs").EnumerateObject())
                if (TargetFault(project, $"graphs.{graph.Name}", graph.Value.ValueKind == JsonValueKind.Object ? graph.Value.Member("path") : graph.Value, "./agent.py:graph") is { } fault)
                    yield return fault;

        foreach (var (section, key) in s_targets)
            if (config.Member(section).Member(key) is { ValueKind: not JsonValueKind.Undefined } target
                && TargetFault(project, $"{section}.{key}", target, $"./{section}.py:{(section is "http" ? "app" : section)}") is { } fault)
                yield return fault;

        if (config.Member("store").Member("index").Text("embed") is ['.', ..] embed && TargetFault(project, "store.index.embed", config.Member("store").Member("index").Member("embed"), embed) is { } wrong)
            yield return wrong;
    }

    /// <summary>
    /// JSON for the start script. <c>$</c> is escaped, so that no text of the project is taken for a placeholder of the launch spec.
    /// </summary>
    public static string ToJson(PythonProject project)
    {
        var config = project.Agent.Config;
        var graphs = new JsonObject();
        foreach (var graph in config.Member("graphs").EnumerateObject())
        {
            var value = Copy(graph.Value)!;
            if (value is JsonObject detailed) detailed["path"] = ForServer(graph.Value.Text("path")!);
            else value = JsonValue.Create(ForServer(graph.Value.GetString()!));
            graphs[graph.Name] = value;
        }

        var environment = new JsonObject { ["LANGSERVE_GRAPHS"] = graphs };
        foreach (var (key, variable) in s_sections)
            if (config.Member(key).ValueKind == JsonValueKind.Object)
                environment[variable] = Copy(config.Member(key));

        if (config.Member("auth").Text("path") is not null && Copy(config.Member("auth")) is JsonObject auth)
        {
            // Any caller could pass for the studio's user by a header; here the gateway, not a header, decides who is who.
            auth["disable_studio_auth"] = true;
            auth.Remove("allow_langsmith_api_keys");
            environment["LANGGRAPH_AUTH"] = auth;
        }

        var paths = project.ImportFolders.Select(folder => JsonValue.Create(
            Path.Combine("src", Path.GetRelativePath(project.Agent.SourceRoot, folder)).Replace("/.", "", StringComparison.Ordinal)));
        var definition = new JsonObject { ["environment"] = environment, ["paths"] = new JsonArray([.. paths]) };
        return definition.ToJsonString().Replace("$", "\\u0024", StringComparison.Ordinal);
    }

    private static string? TargetFault(PythonProject project, string key, JsonElement value, string example)
    {
        var file = project.Agent.ConfigPath;
        if (value.ValueKind != JsonValueKind.String) return $"{file}: {key} must be a string like {example}.";
        var text = value.GetString()!;
        if (ImportTarget.TryParse(text) is not { } target) return $"{file}: {key} is \"{text}\"; it must name a file or module and an object in it, like {example}.";
        if (target.IsScript)
            return $"{file}: {key} points to {text}, which is JavaScript; the in-memory Python server runs Python only. Deploy it as a project of its own, without python_version.";
        return target.Fault(project) is { } fault ? $"{file}: {key} points to {text}, {fault}" : null;
    }

    private static string ForServer(string text) => ImportTarget.TryParse(text)!.ForServer;

    private static JsonNode? Copy(JsonElement element) => JsonNode.Parse(element.GetRawText());
}
