using System.Text.Json;
using Pilothouse.Contracts;

namespace Pilothouse.Client;

/// <summary>Reads the two shapes of the API's errors.</summary>
internal static class ErrorText
{
    private const int MaxLength = 2_000;

    public static string Of(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("detail", out var detail))
            {
                if (detail.ValueKind == JsonValueKind.String) return detail.GetString()!;
                if (document.RootElement.Deserialize(ApiJson.Default.ValidationErrors) is { } faults)
                    return string.Join("; ", faults.Detail.Select(fault => $"{Field(fault.Loc)}: {fault.Msg}"));
            }
        }
        catch (JsonException)
        {
            // A proxy's page, or nothing: shown as it is.
        }

        body = body.Trim();
        return body.Length <= MaxLength ? body : $"{body[..MaxLength]}…";
    }

    /// <summary><c>["body","secrets",0,"name"]</c> reads <c>secrets[0].name</c>.</summary>
    private static string Field(IReadOnlyList<JsonElement> location) => string.Concat(location.Skip(location.Count > 1 ? 1 : 0).Select((part, index) =>
        part.ValueKind == JsonValueKind.Number ? $"[{part.GetRawText()}]" : $"{(index == 0 ? "" : ".")}{part}"));
}
