using System.Text.Json;
using System.Text.Json.Nodes;
using Pilothouse.EndToEnd.World;

namespace Pilothouse.EndToEnd.Hostile;

/// <summary>Sources whose own files carry a payload, one for each place that a build reads. Each ends before anything is installed.</summary>
internal static class HostileBuilds
{
    public static IReadOnlyDictionary<string, Func<string, byte[]>> Places { get; } = new Dictionary<string, Func<string, byte[]>>(StringComparer.Ordinal)
    {
        ["graph name"] = text => Of(new JsonObject { ["node_version"] = "20", ["graphs"] = new JsonObject { [text] = "./no/such.ts:graph" } }),
        ["graph path"] = text => Of(new JsonObject { ["node_version"] = "20", ["graphs"] = new JsonObject { ["agent"] = $"./{text}:graph" } }),
        ["graph export"] = text => Of(new JsonObject { ["graphs"] = new JsonObject { ["agent"] = $"./no/such.py:{text}" }, ["dependencies"] = new JsonArray(".") }),
        ["env name"] = text => Of(Broken(config => config["env"] = new JsonObject { [text] = "value" })),
        ["env value"] = text => Of(Broken(config => config["env"] = new JsonObject { ["NAME"] = text })),
        ["env file"] = text => Of(Broken(config => config["env"] = text)),
        ["dependency"] = text => Of(Broken(config => config["dependencies"] = new JsonArray(text))),
        ["versions"] = text => Of(Broken(config =>
        {
            config["node_version"] = text;
            config["python_version"] = text;
            config["api_version"] = text;
        })),
        ["paths"] = text => Of(Broken(config =>
        {
            config["pip_config_file"] = text;
            config["auth"] = new JsonObject { ["path"] = text };
            config["http"] = new JsonObject { ["app"] = text };
            config["ui"] = new JsonObject { ["agent"] = text };
        })),
        ["key"] = text => Of(Broken(config => config[text] = text)),
        ["file name"] = text => Of(Broken(_ => { }), (text.Length > 90 ? text[..90] : text, "x")),
        ["package.json"] = text => Of(
            Broken(_ => { }),
            ("package.json", JsonSerializer.Serialize(new
            {
                name = text,
                version = text,
                packageManager = text,
                type = text,
                scripts = new Dictionary<string, string>(StringComparer.Ordinal) { ["preinstall"] = text, [text] = text },
                dependencies = new Dictionary<string, string>(StringComparer.Ordinal) { ["@langchain/langgraph"] = text, [text] = text },
                engines = new { node = text },
            }))),
    };

    private static JsonObject Broken(Action<JsonObject> change)
    {
        var config = new JsonObject { ["node_version"] = "20", ["graphs"] = new JsonObject { ["agent"] = "./no/such.ts:graph" } };
        change(config);
        return config;
    }

    private static byte[] Of(JsonObject config, params (string Name, string Text)[] files)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["langgraph.json"] = config.ToJsonString(),
            ["package.json"] = "{\"name\":\"a\",\"dependencies\":{\"@langchain/langgraph\":\"^1.0.0\"}}",
        };
        foreach (var (name, text) in files) all[name] = text;
        return Tarball.OfFiles(all);
    }
}
