using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Integrations;

/// <summary>
/// The place in a list after which its next page begins. Opaque to clients: base64url of <c>{list}:{number}</c>. It says where to read on and not
/// what may be read, so that it needs no signature.
/// </summary>
internal static class PageCursor
{
    private const int MaxLength = 200;

    /// <param name="list">Names the list, so that the cursor of another is a fault instead of a page out of nowhere.</param>
    public static string Of(string list, long after) =>
        Base64Url.EncodeToString(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{list}:{after}")));

    /// <returns>Less than any number of GitHub's when there is no cursor, or after a fault.</returns>
    public static long Read(QueryReader query, string list, RequestFaults faults)
    {
        if (query.OptionalText("cursor") is not { } cursor) return 0;
        if (cursor.Length <= MaxLength && Base64Url.IsValid(cursor))
        {
            var text = Encoding.ASCII.GetString(Base64Url.DecodeFromChars(cursor));
            var colon = text.LastIndexOf(':');
            if (colon >= 0
                && string.Equals(text[..colon], list, StringComparison.Ordinal)
                && long.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var after)
                && string.Equals(Of(list, after), cursor, StringComparison.Ordinal))
                return after;
        }

        faults.Add(
            "value_error",
            ["query", "cursor"],
            "Value error, not a cursor of this list: send the next_cursor of its page before, or none for the first page",
            RequestFaults.Element(cursor));
        return 0;
    }
}
