using Microsoft.AspNetCore.Http;

namespace Pilothouse.Control.Errors;

/// <summary>
/// Reads query parameters and collects every fault. Of a parameter that comes twice the last counts, as FastAPI has it. An empty text or list counts
/// as absent, since clients send <c>name_contains=</c> for "no filter"; an empty number, id or word is none.
/// </summary>
internal sealed class QueryReader(IQueryCollection query, RequestFaults faults)
{
    /// <summary>As it was sent, also empty; null when absent.</summary>
    public string? Sent(string name)
    {
        var values = query[name];
        return values.Count == 0 ? null : values[^1] ?? "";
    }

    public string? OptionalText(string name) => Sent(name) is { Length: > 0 } text ? text : null;

    public string? OptionalChoice(string name, IReadOnlyList<string> allowed)
    {
        if (Sent(name) is not { } text) return null;
        return allowed.Contains(text, StringComparer.Ordinal)
            ? text
            : ScalarText.NotOneOf(allowed, RequestFaults.Element(text), At(name), faults);
    }

    public string Choice(string name, IReadOnlyList<string> allowed)
    {
        if (Sent(name) is not null) return OptionalChoice(name, allowed) ?? "";
        faults.Add("missing", At(name), "Field required");
        return "";
    }

    /// <summary>Comma-separated words of a closed list; null when absent.</summary>
    public IReadOnlyList<string>? OptionalChoices(string name, IReadOnlyList<string> allowed)
    {
        if (Sent(name) is not { Length: > 0 } text) return null;
        var words = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var word in words.Where(word => !allowed.Contains(word, StringComparer.Ordinal)))
            ScalarText.NotOneOf(allowed, RequestFaults.Element(word), At(name), faults);
        return words;
    }

    public int Int(string name, int byDefault, int min, int max)
    {
        if (Sent(name) is not { } text) return byDefault;
        return ScalarText.Int(text, RequestFaults.Element(text), At(name), faults, min, max) ?? byDefault;
    }

    public bool? OptionalBool(string name) =>
        Sent(name) is { } text ? ScalarText.Bool(text, RequestFaults.Element(text), At(name), faults) : null;

    public Guid? OptionalUuid(string name) => Sent(name) is { } text ? UuidText.Parse(text, At(name), faults) : null;

    /// <summary>UUIDs, comma-separated and repeated; null when absent.</summary>
    public IReadOnlyList<Guid>? OptionalUuids(string name)
    {
        var texts = query[name]
            .SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .ToList();
        if (texts.Count == 0) return null;
        return [.. texts.Select((text, index) => UuidText.Parse(text, [.. At(name), index], faults) ?? Guid.Empty)];
    }

    private static IReadOnlyList<object> At(string name) => ["query", name];
}
