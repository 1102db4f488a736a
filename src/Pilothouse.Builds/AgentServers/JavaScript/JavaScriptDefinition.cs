using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pilothouse.Builds.AgentServers.JavaScript;

/// <summary>
/// What of langgraph.json the server is started with: <c>graphs auth http ui ui_config</c>, checked against the files that are there.
/// Paths stay relative to the folder of langgraph.json, which is the server's working directory.
/// </summary>
internal static class JavaScriptDefinition
{
    private static readonly string[] s_extensions = [".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx"];

    /// <summary>Every fault of the configuration that can be known before anything is installed; empty when there is none.</summary>
    /// <param name="sourceRoot">Absolute.</param>
    /// <param name="configPath">Of langgraph.json below the root, with <c>/</c>; names the file in messages.</param>
    public static IReadOnlyList<string> Faults(string sourceRoot, string configPath, JsonElement config)
    {
        var faults = new List<string>();
        var folder = Path.GetDirectoryName(Path.Combine(sourceRoot, configPath))!;
        var file = Path.GetFileName(configPath);

        if (config.Member("graphs").ValueKind != JsonValueKind.Object || !config.Member("graphs").EnumerateObject().Any())
            faults.Add($"{file}: graphs is missing or empty; name at least one graph, e.g. \"graphs\": {{\"agent\": \"./src/agent.ts:graph\"}}.");
        else
            foreach (var graph in config.Member("graphs").EnumerateObject())
                Check($"graphs.{graph.Name}", graph.Value.ValueKind == JsonValueKind.Object ? graph.Value.Member("path") : graph.Value);

        if (config.Member("auth").Member("path") is { ValueKind: not JsonValueKind.Undefined } auth) Check("auth.path", auth);
        if (config.Member("http").Member("app") is { ValueKind: not JsonValueKind.Undefined } app) Check("http.app", app);
        if (config.Member("ui") is { ValueKind: JsonValueKind.Object } ui)
            foreach (var page in ui.EnumerateObject())
                CheckFile($"ui.{page.Name}", page.Value.ValueKind == JsonValueKind.String ? page.Value.GetString()! : "", page.Value.GetRawText());

        return faults;

        void Check(string key, JsonElement value)
        {
            if (value.ValueKind != JsonValueKind.String)
            {
                faults.Add($"{file}: {key} must be a string like ./src/agent.ts:graph.");
                return;
            }

            var text = value.GetString()!;
            var colon = text.LastIndexOf(':');
            if (colon <= 0 || colon == text.Length - 1 || text.Count(letter => letter == ':') > 1)
                faults.Add($"{file}: {key} is \"{text}\"; it must name a file and an export, like ./src/agent.ts:graph.");
            else
                CheckFile(key, text[..colon], text);
        }

        void CheckFile(string key, string path, string text)
        {
            var target = Path.GetFullPath(Path.Combine(folder, path));
            if (!target.StartsWith(Path.GetFullPath(sourceRoot) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                faults.Add($"{file}: {key} points to {text}, which is outside the uploaded source.");
            else if (!s_extensions.Contains(Path.GetExtension(path), StringComparer.Ordinal))
                faults.Add($"{file}: {key} points to {text}, which is no JavaScript or TypeScript file ({string.Join(' ', s_extensions)}).");
            else if (!File.Exists(target))
                faults.Add($"{file}: {key} points to {text}, which does not exist.");
        }
    }

    /// <summary>
    /// JSON for the start script. <c>$</c> is escaped, so that no text of the project is taken for a placeholder of the launch spec.
    /// </summary>
    public static string ToJson(JsonElement config)
    {
        var definition = new JsonObject { ["graphs"] = Copy(config.Member("graphs")) };
        foreach (var name in (string[])["http", "ui", "ui_config"])
            if (config.Member(name).ValueKind == JsonValueKind.Object)
                definition[name] = Copy(config.Member(name));

        if (config.Member("auth").Text("path") is { } path)
            // Any caller could pass for the studio's user by a header; here the gateway, not a header, decides who is who.
            definition["auth"] = new JsonObject { ["path"] = path, ["disable_studio_auth"] = true };

        return definition.ToJsonString().Replace("$", "\\u0024", StringComparison.Ordinal);
    }

    /// <summary>Without what is null, which the server does not take for absent.</summary>
    private static JsonNode? Copy(JsonElement element) => element.ValueKind is JsonValueKind.Object
        ? new JsonObject(element.EnumerateObject()
            .Where(member => member.Value.ValueKind is not JsonValueKind.Null)
            .Select(member => KeyValuePair.Create(member.Name, Copy(member.Value))))
        : JsonNode.Parse(element.GetRawText());
}
