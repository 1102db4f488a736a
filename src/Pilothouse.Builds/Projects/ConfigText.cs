using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Pilothouse.Builds.Projects;

/// <summary>langgraph.json from bytes to a JSON object in which every text can be read.</summary>
internal static class ConfigText
{
    /// <summary>Parts of it become arguments and variables, and the kernel takes 128 KiB for one of those.</summary>
    public const int LongestBytes = 96 * 1024;

    private const int DeepestNesting = 32;
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = DeepestNesting, AllowDuplicateProperties = false };

    /// <param name="file">As the user wrote it; names the file in the message.</param>
    /// <param name="fault">What to fix; null when all is well.</param>
    public static JsonElement Read(ReadOnlyMemory<byte> bytes, string file, out string? fault)
    {
        fault = null;
        if (bytes.Span.StartsWith("\uFEFF"u8)) bytes = bytes["\uFEFF"u8.Length..];
        if (!Utf8.IsValid(bytes.Span))
        {
            fault = $"{file}: the file is not UTF-8 text; save it as UTF-8.";
            return default;
        }

        JsonElement config;
        try
        {
            using var document = JsonDocument.Parse(bytes, s_options);
            config = document.RootElement.Clone();
        }
        catch (JsonException broken)
        {
            // Lines are counted from 0 there. Beyond the first sentence its message is about the reader.
            var line = broken.LineNumber is { } number ? $"line {(number + 1).ToString(CultureInfo.InvariantCulture)}" : "the file";
            var reason = broken.Message.Split(". ", 2)[0].TrimEnd('.');
            fault = $"{file}: {line} is not valid JSON ({reason}).";
            return default;
        }
        catch (InvalidOperationException)
        {
            // Names are compared while it is read, and this one is no text.
            fault = $"{file}: a name in it holds half a character (\\ud800…); remove it.";
            return default;
        }

        if (config.ValueKind != JsonValueKind.Object) fault = $"{file}: the file must hold a JSON object, like {{\"graphs\": {{…}}}}; it holds {Kind(config)}.";
        else if (UnreadableText(config, "") is { } key) fault = $"{file}: {key} holds a NUL or half a character (\\ud800…); remove it.";
        return fault is null ? config : default;
    }

    /// <summary>For people.</summary>
    public static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        _ => "null",
    };

    /// <returns>Key of the first text that no program could be given; null when there is none.</returns>
    private static string? UnreadableText(JsonElement element, string key)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return IsReadable(element.GetString) ? null : key;
            case JsonValueKind.Array:
                return element.EnumerateArray().Select((item, index) => UnreadableText(item, $"{key}[{index}]")).FirstOrDefault(found => found is not null);
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    if (!IsReadable(() => member.Name)) return key.Length == 0 ? "a name" : $"a name in {key}";
                    if (UnreadableText(member.Value, key.Length == 0 ? member.Name : $"{key}.{member.Name}") is { } found) return found;
                }

                return null;
            default:
                return null;
        }
    }

    private static bool IsReadable(Func<string?> read)
    {
        try
        {
            return !read()!.Contains('\0', StringComparison.Ordinal);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
