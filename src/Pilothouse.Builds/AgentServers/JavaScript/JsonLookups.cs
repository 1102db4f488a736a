using System.Text.Json;

namespace Pilothouse.Builds.AgentServers.JavaScript;

/// <summary>Reads files of other people: what is missing, null or of another kind is simply not there.</summary>
internal static class JsonLookups
{
    public static JsonElement Member(this JsonElement element, string name)
    {
        try
        {
            return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? member : default;
        }
        catch (InvalidOperationException)
        {
            // A name beside it is no text: half of an escaped surrogate pair, or bytes that are not UTF-8.
            return default;
        }
    }

    public static string? Text(this JsonElement element, string name) => element.Member(name).Text();

    /// <summary>Null for what is no string, and for a string that is no text.</summary>
    public static string? Text(this JsonElement element)
    {
        try
        {
            return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
