using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Pilothouse.Control.Errors;

/// <summary>
/// Reads a JSON object field by field and collects every fault instead of stopping at the first. After a fault a reader answers a stand-in
/// (empty text, an empty object), so callers read on and ask <see cref="RequestFaults.Any"/> once, at the end. Unknown fields are ignored, a field
/// that comes twice counts by its last value, and null equals absent for optional fields.
/// </summary>
internal sealed class BodyReader
{
    private readonly Dictionary<string, JsonElement>? _fields;
    private readonly IReadOnlyList<object> _location;
    private readonly RequestFaults _faults;

    private BodyReader(Dictionary<string, JsonElement>? fields, IReadOnlyList<object> location, RequestFaults faults)
    {
        _fields = fields;
        _location = location;
        _faults = faults;
    }

    /// <summary>False for the stand-in of a missing or malformed object; its fields read as absent, and add no faults.</summary>
    public bool IsPresent => _fields is not null;

    /// <summary>The body must be a JSON object.</summary>
    /// <exception cref="BadHttpRequestException">The body is too large; answered 413.</exception>
    public static async Task<BodyReader> ReadAsync(HttpContext http, RequestFaults faults, CancellationToken cancellationToken) =>
        await ReadOptionalAsync(http, faults, cancellationToken) ?? Missing(faults, ["body"]);

    /// <summary>Null when the request has no body, or <c>null</c>.</summary>
    /// <exception cref="BadHttpRequestException">The body is too large; answered 413.</exception>
    public static async Task<BodyReader?> ReadOptionalAsync(HttpContext http, RequestFaults faults, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(http.Request, faults, cancellationToken);
        if (body is { ValueKind: JsonValueKind.Null } or { ValueKind: JsonValueKind.Undefined }) return null;
        return body is { } element ? Of(element, ["body"], faults) : new BodyReader(fields: null, ["body"], faults);
    }

    /// <summary>It came, be it as null.</summary>
    public bool Has(string name) => _fields is not null && _fields.ContainsKey(name);

    public bool IsNull(string name) => Has(name) && _fields![name].ValueKind == JsonValueKind.Null;

    /// <param name="isSecret">Its value is not echoed in faults.</param>
    public string Text(string name, int maxLength = int.MaxValue, bool isSecret = false) =>
        Required(name) is { } value ? ReadText(value, At(name), maxLength, isSecret) ?? "" : "";

    public string? OptionalText(string name, int maxLength = int.MaxValue) =>
        Optional(name) is { } value ? ReadText(value, At(name), maxLength, isSecret: false) : null;

    /// <summary>One of a closed list of words, spelt exactly.</summary>
    public string Choice(string name, IReadOnlyList<string> allowed) =>
        Required(name) is { } value ? ReadChoice(value, At(name), allowed) ?? "" : "";

    public string? OptionalChoice(string name, IReadOnlyList<string> allowed) =>
        Optional(name) is { } value ? ReadChoice(value, At(name), allowed) : null;

    public Guid? OptionalUuid(string name)
    {
        if (Optional(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.String)
            return Fault<Guid?>("uuid_type", At(name), "UUID input should be a string, bytes or UUID object", value);
        return ReadText(value, At(name), maxLength: int.MaxValue, isSecret: false) is { } text ? UuidText.Parse(text, At(name), _faults) : null;
    }

    public bool? OptionalBool(string name)
    {
        if (Optional(name) is not { } value) return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            return Fault<bool?>("bool_type", At(name), "Input should be a valid boolean", value);
        return ScalarText.Bool(value.ToString(), value, At(name), _faults);
    }

    public int? OptionalInt(string name, int min = int.MinValue, int max = int.MaxValue)
    {
        if (Optional(name) is not { } value) return null;
        if (value.ValueKind is not (JsonValueKind.Number or JsonValueKind.String))
            return Fault<int?>("int_type", At(name), "Input should be a valid integer", value);
        return ScalarText.Int(value.ToString(), value, At(name), _faults, min, max);
    }

    public double? OptionalNumber(string name, double min = double.NegativeInfinity, double max = double.PositiveInfinity)
    {
        if (Optional(name) is not { } value) return null;
        if (value.ValueKind is not (JsonValueKind.Number or JsonValueKind.String))
            return Fault<double?>("float_type", At(name), "Input should be a valid number", value);
        if (!double.TryParse(value.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number))
            return Fault<double?>("float_parsing", At(name), "Input should be a valid number, unable to parse string as a number", value);
        if (number < min) return ScalarText.TooSmall<double?>(min, value, At(name), _faults);
        return number > max ? ScalarText.TooLarge<double?>(max, value, At(name), _faults) : number;
    }

    public BodyReader Object(string name) =>
        Required(name) is { } value ? Of(value, At(name), _faults) : new BodyReader(fields: null, At(name), _faults);

    public BodyReader? OptionalObject(string name) => Optional(name) is { } value ? Of(value, At(name), _faults) : null;

    /// <param name="isSecret">What came instead of an object is not echoed in faults.</param>
    public IReadOnlyList<BodyReader> Objects(string name, bool isSecret = false) =>
        Required(name) is { } value ? ReadObjects(value, At(name), isSecret) : [];

    /// <summary>Null when absent or null; an empty list is a list.</summary>
    public IReadOnlyList<BodyReader>? OptionalObjects(string name, bool isSecret = false) =>
        Optional(name) is { } value ? ReadObjects(value, At(name), isSecret) : null;

    public IReadOnlyList<string>? OptionalTexts(string name, int maxLength = int.MaxValue)
    {
        if (Optional(name) is not { } value) return null;
        return [.. Items(value, At(name), isSecret: false).Select(item => ReadText(item.Value, item.Location, maxLength, isSecret: false) ?? "")];
    }

    public IReadOnlyList<JsonElement>? OptionalAnyObjects(string name)
    {
        if (Optional(name) is not { } value) return null;
        return [.. Items(value, At(name), isSecret: false).Select(item => ReadAnyObject(item.Value, item.Location)).OfType<JsonElement>()];
    }

    /// <summary>An object whose values are all texts.</summary>
    public IReadOnlyDictionary<string, string>? OptionalTextMap(string name)
    {
        if (OptionalAnyObject(name) is not { } value) return null;
        return JsonBody.Fields(value).ToDictionary(
            field => field.Key,
            field => ReadText(field.Value, [.. At(name), field.Key], maxLength: int.MaxValue, isSecret: false) ?? "",
            StringComparer.Ordinal);
    }

    /// <summary>Any object, kept as it came.</summary>
    public JsonElement? OptionalAnyObject(string name)
    {
        if (Optional(name) is not { } value) return null;
        return ReadAnyObject(value, At(name));
    }

    /// <summary>A rule of the caller's own about a field, in pydantic's form for such rules: <c>Value error, {message}</c>.</summary>
    public void Refuse(string name, string message) => _faults.Add("value_error", At(name), $"Value error, {message}");

    private static BodyReader Of(JsonElement value, IReadOnlyList<object> location, RequestFaults faults, bool isSecret = false)
    {
        if (value.ValueKind == JsonValueKind.Object) return new BodyReader(JsonBody.Fields(value), location, faults);
        faults.Add(
            "model_attributes_type",
            location,
            "Input should be a valid dictionary or object to extract fields from",
            isSecret ? null : value);
        return new BodyReader(fields: null, location, faults);
    }

    private static BodyReader Missing(RequestFaults faults, IReadOnlyList<object> location)
    {
        faults.Add("missing", location, "Field required");
        return new BodyReader(fields: null, location, faults);
    }

    private IReadOnlyList<object> At(string name) => [.. _location, name];

    private JsonElement? Required(string name)
    {
        if (_fields is null) return null;
        if (_fields.TryGetValue(name, out var value)) return value;
        _faults.Add("missing", At(name), "Field required");
        return null;
    }

    private JsonElement? Optional(string name) =>
        _fields is not null && _fields.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private JsonElement? ReadAnyObject(JsonElement value, IReadOnlyList<object> location)
    {
        if (value.ValueKind != JsonValueKind.Object) return Fault<JsonElement?>("dict_type", location, "Input should be a valid dictionary", value);
        return JsonBody.IsText(value)
            ? value
            : Fault<JsonElement?>("string_unicode", location, "Input should be a valid string, unable to parse raw data as a unicode string", input: null);
    }

    private string? ReadText(JsonElement value, IReadOnlyList<object> location, int maxLength, bool isSecret)
    {
        if (value.ValueKind != JsonValueKind.String)
            return Fault<string?>("string_type", location, "Input should be a valid string", isSecret ? null : value);
        if (JsonBody.TextOf(value) is not { } text)
            return Fault<string?>("string_unicode", location, "Input should be a valid string, unable to parse raw data as a unicode string", input: null);
        if (text.Length <= maxLength) return text;
        _faults.Add(
            "string_too_long", location, $"String should have at most {maxLength} characters", isSecret ? null : value, ("max_length", maxLength));
        return null;
    }

    private string? ReadChoice(JsonElement value, IReadOnlyList<object> location, IReadOnlyList<string> allowed)
    {
        if (value.ValueKind == JsonValueKind.String && JsonBody.TextOf(value) is { } text && allowed.Contains(text, StringComparer.Ordinal)) return text;
        return ScalarText.NotOneOf(allowed, value, location, _faults);
    }

    private List<BodyReader> ReadObjects(JsonElement value, IReadOnlyList<object> location, bool isSecret) =>
        [.. Items(value, location, isSecret).Select(item => Of(item.Value, item.Location, _faults, isSecret))];

    private List<(JsonElement Value, IReadOnlyList<object> Location)> Items(JsonElement value, IReadOnlyList<object> location, bool isSecret)
    {
        if (value.ValueKind == JsonValueKind.Array)
            return [.. value.EnumerateArray().Select((item, index) => (item, (IReadOnlyList<object>)[.. location, index]))];
        _faults.Add("list_type", location, "Input should be a valid list", isSecret ? null : value);
        return [];
    }

    private T? Fault<T>(string type, IReadOnlyList<object> location, string message, JsonElement? input)
    {
        _faults.Add(type, location, message, input);
        return default;
    }
}
