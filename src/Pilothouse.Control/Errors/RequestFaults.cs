using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Errors;

namespace Pilothouse.Control.Errors;

/// <summary>
/// Every fault of shape in one request, in the words of FastAPI with pydantic 2, which clients show as they are. Path, query and body readers
/// add to the same list, so that all faults are answered at once.
/// </summary>
internal sealed class RequestFaults
{
    /// <summary>Longer values are not echoed whole.</summary>
    private const int MaxEchoedLength = 200;

    private readonly List<ValidationFault> _faults = [];

    public bool Any => _faults.Count > 0;

    public IReadOnlyList<ValidationFault> List => _faults;

    /// <param name="location">e.g. <c>["body", "secrets", 0, "name"]</c>; items are strings or integers.</param>
    /// <param name="input">What came; null for containers and for secrets, which are never echoed.</param>
    /// <param name="context">pydantic's <c>ctx</c>.</param>
    public void Add(
        string type, IReadOnlyList<object> location, string message, JsonElement? input = null, params (string Name, object Value)[] context) =>
        _faults.Add(new ValidationFault(
            type,
            [.. location.Select(Element)],
            message,
            Echo(input),
            context.Length == 0 ? null : ContextOf(context)));

    /// <summary>A path parameter that must be a UUID; the empty id after a fault.</summary>
    public Guid PathGuid(HttpContext http, string name)
    {
        var text = http.Request.RouteValues[name] as string ?? "";
        return UuidText.Parse(text, ["path", name], this) ?? Guid.Empty;
    }

    /// <summary>422 with all faults.</summary>
    public IResult ToResult() => ApiResults.Json(
        new ValidationErrors(_faults), ApiJson.Default.ValidationErrors, StatusCodes.Status422UnprocessableEntity);

    public static JsonElement Element(object value) => value switch
    {
        string text => Json(writer => writer.WriteStringValue(text)),
        int number => Json(writer => writer.WriteNumberValue(number)),
        long number => Json(writer => writer.WriteNumberValue(number)),
        double number => Json(writer => writer.WriteNumberValue(number)),
        _ => throw new ArgumentException($"Not a location or context value: {value.GetType()}.", nameof(value)),
    };

    private static JsonElement? Echo(JsonElement? input) => input switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object or JsonValueKind.Array } => null,
        { } value when value.GetRawText().Length > MaxEchoedLength => Element($"{value.GetRawText().AsSpan(0, MaxEchoedLength)}…"),
        { } value => value,
    };

    private static JsonElement ContextOf((string Name, object Value)[] context) => Json(writer =>
    {
        writer.WriteStartObject();
        foreach (var (name, value) in context)
        {
            writer.WritePropertyName(name);
            Element(value).WriteTo(writer);
        }

        writer.WriteEndObject();
    });

    private static JsonElement Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer)) write(writer);
        using var document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }
}
