using System.Globalization;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Access;

/// <summary>A part of a list, as the contract has it.</summary>
internal sealed record Page(int Limit, int Offset)
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 100;

    /// <summary>Below the largest number by more than a page, so that the answered offset is one too.</summary>
    public static Page Of(QueryReader query) => new(query.Int("limit", DefaultLimit, 1, MaxLimit), query.Int("offset", 0, 0, int.MaxValue - MaxLimit));

    /// <summary>The offset to send next.</summary>
    public int Next(int found) => Offset + found;
}

/// <summary>A point in time with its zone, e.g. <c>2026-11-25T04:10:00Z</c>.</summary>
internal static class InstantText
{
    public static DateTimeOffset? Optional(QueryReader query, string name, RequestFaults faults) =>
        query.OptionalText(name) is { } text ? Parse(text, ["query", name], faults) : null;

    public static DateTimeOffset? Parse(string text, IReadOnlyList<object> location, RequestFaults faults)
    {
        if (text.Contains('T', StringComparison.OrdinalIgnoreCase)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            return time.ToUniversalTime();
        faults.Add("datetime_from_date_parsing", location, "Input should be a valid datetime or date, invalid datetime", RequestFaults.Element(text), ("error", "invalid datetime"));
        return null;
    }
}
