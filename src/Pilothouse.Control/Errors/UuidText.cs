namespace Pilothouse.Control.Errors;

/// <summary>Reads a UUID as pydantic does: with or without dashes, braces or <c>urn:uuid:</c>.</summary>
internal static class UuidText
{
    public static Guid? Parse(string text, IReadOnlyList<object> location, RequestFaults faults)
    {
        var bare = text.StartsWith("urn:uuid:", StringComparison.OrdinalIgnoreCase) ? text[9..] : text;
        if (Guid.TryParseExact(bare, "D", out var id) || Guid.TryParseExact(bare, "N", out id) || Guid.TryParseExact(bare, "B", out id))
            return id;

        var why = Why(bare);
        faults.Add("uuid_parsing", location, $"Input should be a valid UUID, {why}", RequestFaults.Element(text), ("error", why));
        return null;
    }

    private static string Why(string text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (!char.IsAsciiHexDigit(text[at]) && text[at] != '-')
                return $"invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found `{text[at]}` at {at + 1}";
        }

        return text.Contains('-', StringComparison.Ordinal)
            ? $"invalid group count: expected 5 groups of 8, 4, 4, 4 and 12 digits, found {text.Split('-').Length}"
            : $"invalid length: expected length 32 for simple format, found {text.Length}";
    }
}
