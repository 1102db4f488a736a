using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pilothouse.Builds.AgentServers.JavaScript;

namespace Pilothouse.Builds.Projects;

/// <summary>
/// One rule for each key of langgraph.json (behaviour reference 6.4). They judge what can be told of the key alone; whether graphs, versions and
/// packages are there is the business of the agent server that will run them.
/// </summary>
internal static partial class ConfigRules
{
    private static readonly Dictionary<string, Action<ConfigCheck, JsonElement>> s_rules = new(StringComparer.Ordinal)
    {
        ["python_version"] = PythonVersion,
        ["pip_config_file"] = (check, value) => File(check, value, "pip_config_file", "\"./pip.conf\""),
        ["pip_installer"] = (check, value) => OneOf(check, value, "pip_installer", ["auto", "pip", "uv"]),
        ["base_image"] = (check, value) => check.Is(value, JsonValueKind.String, "base_image", "\"langchain/langgraph-api\""),
        ["image_distro"] = (check, value) => OneOf(check, value, "image_distro", ["debian", "wolfi", "bookworm"]),
        ["api_version"] = (check, value) => check.Is(value, JsonValueKind.String, "api_version", "\"0.4\""),
        ["dockerfile_lines"] = (check, value) => check.IsListOfTexts(value, "dockerfile_lines", "[\"RUN apt-get update\"]"),
        ["keep_pkg_tools"] = KeptTools,
        ["dependencies"] = Dependencies,
        ["env"] = Env,
        ["store"] = ServerRules.Store,
        ["checkpointer"] = ServerRules.Checkpointer,
        ["auth"] = ServerRules.Auth,
        ["encryption"] = ServerRules.Encryption,
        ["priority"] = ServerRules.Priority,
        ["http"] = ServerRules.Http,
        ["webhooks"] = ServerRules.Webhooks,
        ["ui"] = ServerRules.Ui,
        ["ui_config"] = (check, value) => check.Is(value, JsonValueKind.Object, "ui_config", "{\"shared\": [\"react\"]}"),
    };

    public static void Apply(ConfigCheck check, string file, JsonElement config)
    {
        foreach (var member in config.EnumerateObject())
        {
            if (member.Name is "project_root" or "package")
                check.Fault(member.Name, $"is not a key any more; write \"source\": {{\"kind\": \"uv\", \"{(member.Name is "package" ? "package" : "root")}\": …}}.");
            else if (!ConfigKeys.All.Contains(member.Name, StringComparer.Ordinal))
                check.Warn(member.Name, ConfigKeys.Nearest(member.Name) is { } near ? $"is no key that is known; did you mean {near}?" : "is no key that is known; it is ignored.");
            else if (member.Value.ValueKind != JsonValueKind.Null && s_rules.TryGetValue(member.Name, out var rule))
                rule(check, member.Value);
        }

        if (NodeRequirement.Of(file, config).Fault is { } fault) check.Fault("node_version", fault[(fault.IndexOf("node_version", StringComparison.Ordinal) + "node_version".Length)..].TrimStart());
        Source(check, config);
    }

    private static void PythonVersion(ConfigCheck check, JsonElement value)
    {
        // A number loses its end: 3.10 is 3.1.
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        const int oldestMinor = 11;
        var match = MajorMinor().Match(text);
        if (value.ValueKind != JsonValueKind.String || !match.Success)
            check.Fault("python_version", $"is {Sources.SourcePath.Shown(value.GetRawText())}; give major and minor version as a text, like \"3.11\".");
        else if (match.Groups[1].Value is not "3" || int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture) < oldestMinor)
            check.Fault("python_version", $"{text} is not supported; use 3.{oldestMinor} or newer.");
    }

    private static void KeptTools(ConfigCheck check, JsonElement value)
    {
        string[] tools = ["pip", "setuptools", "wheel"];
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return;
        if (value.ValueKind != JsonValueKind.Array
            || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String || !tools.Contains(item.GetString(), StringComparer.Ordinal)))
            check.Fault("keep_pkg_tools", $"must be true, false or a list of {string.Join(", ", tools)}.");
    }

    private static void Dependencies(ConfigCheck check, JsonElement value)
    {
        if (!check.IsListOfTexts(value, "dependencies", "[\".\", \"langchain_openai\"]")) return;
        foreach (var (text, index) in value.EnumerateArray().Select((item, index) => (item.GetString()!, index)))
        {
            var key = $"dependencies[{index}]";
            if (text.Trim().Length == 0)
                check.Fault(key, "is empty; name a folder like \".\" or a package.");
            else if (text.StartsWith('-'))
                check.Fault(key, $"is \"{Sources.SourcePath.Shown(text)}\"; options are not allowed, only folders like \".\" and packages.");
            else if (UserInfo().IsMatch(text))
                // Not shown: it holds a password.
                check.Fault(key, "has a user or password in its address; give credentials to the package manager instead.");
            else if (text.StartsWith('.') && check.Inside(text, key) is { } folder && !Directory.Exists(folder) && !System.IO.File.Exists(folder))
                check.Fault(key, $"points to {text}, which does not exist in the uploaded source.");
        }
    }

    private static void Env(ConfigCheck check, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            // That file is for local runs, so it may be missing; it only must not be somewhere else.
            if (value.GetString()!.Length > 0) check.Inside(value.GetString()!, "env");
            return;
        }

        if (!check.Is(value, JsonValueKind.Object, "env", "{\"LOG_LEVEL\": \"debug\"} or \".env\"")) return;
        foreach (var variable in value.EnumerateObject())
        {
            if (variable.Name.Length == 0 || variable.Name.Contains('=', StringComparison.Ordinal) || variable.Name.Any(char.IsControl))
                check.Fault($"env.{variable.Name}", "is no name of an environment variable.");
            else if (variable.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Null)
                check.Fault($"env.{variable.Name}", $"must be a text; it is {ConfigText.Kind(variable.Value)}.");
        }
    }

    private static void Source(ConfigCheck check, JsonElement config)
    {
        if (!config.TryGetProperty("source", out var source) || source.ValueKind == JsonValueKind.Null) return;
        const string example = "{\"kind\": \"uv\", \"root\": \".\"}";
        if (!check.Is(source, JsonValueKind.Object, "source", example)) return;
        if (check.Member(source, "source", "kind", JsonValueKind.String, "\"uv\"") is not { } kind || kind.GetString() is not "uv")
            check.Fault("source.kind", "must be \"uv\".");
        foreach (var name in (string[])["root", "package"])
        {
            if (check.Member(source, "source", name, JsonValueKind.String, "\".\"") is not { } text) continue;
            if (text.GetString()!.Trim().Length == 0) check.Fault($"source.{name}", "is empty; leave it out or name something.");
            else if (name is "root" && check.Inside(text.GetString()!, "source.root") is { } folder && !Directory.Exists(folder))
                check.Fault("source.root", $"points to {text.GetString()}, which is not in the uploaded source. The official client packs only the folder of the configuration; deploy from the root.");
        }

        if (config.TryGetProperty("dependencies", out var dependencies) && dependencies.ValueKind == JsonValueKind.Array && dependencies.GetArrayLength() > 0)
            check.Fault("dependencies", "cannot stand beside source of kind uv, which takes them from pyproject.toml; remove one of the two.");
    }

    private static void File(ConfigCheck check, JsonElement value, string key, string example)
    {
        if (check.Is(value, JsonValueKind.String, key, example) && check.Inside(value.GetString()!, key) is { } path && !System.IO.File.Exists(path))
            check.Fault(key, $"points to {value.GetString()}, which does not exist.");
    }

    private static void OneOf(ConfigCheck check, JsonElement value, string key, string[] words)
    {
        if (value.ValueKind != JsonValueKind.String || !words.Contains(value.GetString(), StringComparer.Ordinal))
            check.Fault(key, $"is {Sources.SourcePath.Shown(value.GetRawText())}; it must be one of {string.Join(", ", words)}.");
    }

    /// <summary>The vendor's images have a distribution behind it: <c>3.11-bookworm</c>.</summary>
    [GeneratedRegex(@"^([0-9]{1,3})\.([0-9]{1,3})(?:-(?:bookworm|slim|wolfi|debian))?\z", RegexOptions.CultureInvariant)]
    private static partial Regex MajorMinor();

    [GeneratedRegex(@"(?:git\+)?https?://[^/\s]*@", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex UserInfo();
}
