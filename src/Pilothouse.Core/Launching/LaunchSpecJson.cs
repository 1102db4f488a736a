using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pilothouse.Core.Launching;

/// <summary>
/// The one JSON form of a <see cref="LaunchSpec"/>: snake_case members and words (<c>"state":"files"</c>, <c>"reading":"busy_ids"</c>), spans as
/// <c>hh:mm:ss</c>. Readers take any case and ignore members they do not know, so that an older listener understands a newer builder.
/// </summary>
public static class LaunchSpecJson
{
    // Not source-generated: generated readers give default(T), not the initializer's value, to an init member that the text does not have.
    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        PropertyNameCaseInsensitive = true,
        RespectNullableAnnotations = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    public static string Write(LaunchSpec spec) => JsonSerializer.Serialize(spec, s_options);

    public static JsonElement WriteElement(LaunchSpec spec) => JsonSerializer.SerializeToElement(spec, s_options);

    /// <exception cref="JsonException">The text is not a launch spec.</exception>
    public static LaunchSpec Read(string json) => JsonSerializer.Deserialize<LaunchSpec>(json, s_options) ?? throw Empty();

    /// <exception cref="JsonException">The element is not a launch spec.</exception>
    public static LaunchSpec Read(JsonElement json) => json.Deserialize<LaunchSpec>(s_options) ?? throw Empty();

    private static JsonException Empty() => new("A launch spec must be a JSON object; this is null.");
}
