using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Pilothouse.Control.Errors;

/// <summary>Takes a bounded JSON body off a request; hostile bytes end as faults, never as exceptions.</summary>
internal static class JsonBody
{
    /// <summary>Far above any real request: a hundred secrets of 64 KiB are 6.4 MiB.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    /// <returns>An undefined element for an empty body; null after a <c>json_invalid</c> fault.</returns>
    public static async Task<JsonElement?> ReadAsync(HttpRequest request, RequestFaults faults, CancellationToken cancellationToken)
    {
        var bytes = await ReadBytesAsync(request, cancellationToken);
        if (bytes.Span.IndexOfAnyExcept(" \t\r\n"u8) < 0) return default(JsonElement);
        if (!IsJson(request.ContentType)) return NotJson(faults);
        if (!Utf8.IsValid(bytes.Span)) return Invalid(faults, position: 0, "The body is not UTF-8");
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return document.RootElement.Clone();
        }
        catch (JsonException notJson)
        {
            return Invalid(faults, PositionOf(bytes.Span, notJson), "The body is not JSON");
        }
    }

    /// <summary>Reads the whole body, and leaves it to be read again.</summary>
    public static async Task<ReadOnlyMemory<byte>> TakeAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var bytes = await ReadBytesAsync(request, cancellationToken);
        request.Body = new MemoryStream(bytes.ToArray(), writable: false);
        return bytes;
    }

    /// <summary>Fields by name; the last of equal names counts, names that are no valid text are dropped.</summary>
    public static Dictionary<string, JsonElement> Fields(JsonElement element)
    {
        var fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
        {
            if (NameOf(property) is { } name) fields[name] = property.Value;
        }

        return fields;
    }

    /// <summary>Null when the escapes in it are no valid text (a lone surrogate).</summary>
    public static string? TextOf(JsonElement element)
    {
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Every name and text in it is valid, so that it can be written again.</summary>
    public static bool IsText(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().All(property => NameOf(property) is not null && IsText(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().All(IsText),
        JsonValueKind.String => TextOf(element) is not null,
        _ => true,
    };

    private static string? NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MaxBytes) throw TooLarge();
        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(chunk, cancellationToken)) > 0)
        {
            if (buffer.Length + read > MaxBytes) throw TooLarge();
            buffer.Write(chunk, 0, read);
        }

        var bytes = buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
        return bytes.Span.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
    }

    private static BadHttpRequestException TooLarge() =>
        new($"The request body is larger than {MaxBytes} bytes.", StatusCodes.Status413PayloadTooLarge);

    /// <summary>Clients that say nothing mean JSON.</summary>
    private static bool IsJson(string? contentType)
    {
        if (string.IsNullOrWhiteSpace(contentType)) return true;
        return MediaTypeHeaderValue.TryParse(contentType, out var type)
            && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase));
    }

    private static JsonElement? NotJson(RequestFaults faults)
    {
        const string Why = "The Content-Type is not application/json";
        faults.Add("model_attributes_type", ["body"], "Input should be a valid dictionary or object to extract fields from", input: null, ("error", Why));
        return null;
    }

    private static JsonElement? Invalid(RequestFaults faults, int position, string error)
    {
        faults.Add("json_invalid", ["body", position], "JSON decode error", input: null, ("error", error));
        return null;
    }

    private static int PositionOf(ReadOnlySpan<byte> bytes, JsonException notJson)
    {
        var start = 0;
        for (var line = notJson.LineNumber ?? 0; line > 0; line--)
        {
            var next = bytes[start..].IndexOf((byte)'\n');
            if (next < 0) break;
            start += next + 1;
        }

        return start + (int)(notJson.BytePositionInLine ?? 0);
    }
}
