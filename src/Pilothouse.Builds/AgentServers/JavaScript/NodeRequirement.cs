using System.Globalization;
using System.Text.Json;

namespace Pilothouse.Builds.AgentServers.JavaScript;

/// <summary>Which Node a project asks for in langgraph.json: <c>"node_version": "22"</c>, a major version alone.</summary>
/// <param name="Major">Null when it asks for none.</param>
/// <param name="Fault">What to fix; null when nothing.</param>
internal readonly record struct NodeRequirement(int? Major, string? Fault)
{
    public const int Oldest = 20;

    /// <summary>For projects that ask for none, on a host whose own Node is too old.</summary>
    public const int Default = 22;

    public static NodeRequirement Of(string configFile, JsonElement config)
    {
        var value = config.Member("node_version");
        var text = value.ValueKind switch
        {
            JsonValueKind.Undefined or JsonValueKind.Null => null,
            JsonValueKind.String => value.GetString()!.Trim(),
            _ => value.GetRawText(),
        };
        if (text is null) return default;
        if (text.Contains('.', StringComparison.Ordinal))
            return new(null, $"{configFile}: node_version is \"{text}\"; give the major version only, e.g. \"{text.Split('.')[0]}\".");
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var major))
            return new(null, $"{configFile}: node_version is \"{text}\"; give a major version, e.g. \"22\".");
        return major < Oldest
            ? new(null, $"{configFile}: node_version {major} is not supported; use {Oldest} or newer.")
            : new(major, null);
    }
}
