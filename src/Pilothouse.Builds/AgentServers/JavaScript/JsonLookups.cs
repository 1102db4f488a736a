using System.Text.Json;

namespace Pilothouse.Builds.AgentServers.JavaScript;

/// <summary>Reads files of other people: what is missing or of another kind is simply not there.</summary>
internal static class JsonLookups
{
    public static JsonElement Member(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : default;

    public static string? Text(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
