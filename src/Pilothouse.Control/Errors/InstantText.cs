namespace Pilothouse.Control.Errors;

/// <summary>A point in time with its zone, e.g. <c>2026-11-25T04:10:00Z</c>.</summary>
internal static class InstantText
{
    public static DateTimeOffset? Optional(QueryReader query, string name, RequestFaults faults) =>
        query.Sent(name) is { } text ? Parse(text, ["query", name], faults) : null;

    public static DateTimeOffset? Parse(string text, IReadOnlyList<object> location, RequestFaults faults)
    {
        // A day alone is no point in time.
        if (text.Contains('T', StringComparison.OrdinalIgnoreCase) && IsoTime.Parse(text) is { } time) return time;
        faults.Add("datetime_from_date_parsing", location, "Input should be a valid datetime or date, invalid datetime", RequestFaults.Element(text), ("error", "invalid datetime"));
        return null;
    }
}
