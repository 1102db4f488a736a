using System.Globalization;
using System.Text.RegularExpressions;

namespace Pilothouse.Control.Errors;

/// <summary>Reads ISO 8601 times as clients send them.</summary>
internal static partial class IsoTime
{
    /// <summary>
    /// With <c>Z</c>, an offset, or none (then UTC). The <c>+</c> of an offset may have become a space, as happens to a query string that was not
    /// escaped. Digits below a millisecond are dropped.
    /// </summary>
    /// <returns>Null for anything else.</returns>
    public static DateTimeOffset? Parse(string text)
    {
        var match = Shape().Match(text.Trim());
        if (!match.Success) return null;
        var zone = match.Groups["zone"].Value.Replace(' ', '+');
        if (zone is "" or "z") zone = "Z";
        var fraction = match.Groups["fraction"].Value.PadRight(3, '0')[..3];
        var clock = match.Groups["clock"].Success ? match.Groups["clock"].Value : "00:00";
        if (clock.Length == 5) clock += ":00";
        var normal = $"{match.Groups["date"].Value}T{clock}.{fraction}{WithColon(zone)}";
        return DateTimeOffset.TryParseExact(
            normal, "yyyy-MM-dd'T'HH:mm:ss.fffK", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : null;
    }

    private static string WithColon(string zone) => zone.Length switch
    {
        3 => zone + ":00",
        5 when !zone.Contains(':', StringComparison.Ordinal) => $"{zone[..3]}:{zone[3..]}",
        _ => zone,
    };

    [GeneratedRegex(
        @"^(?<date>\d{4}-\d\d-\d\d)(?:[Tt ](?<clock>\d\d:\d\d(?::\d\d)?)(?:[.,](?<fraction>\d{1,12}))?(?<zone>[Zz]|[+\- ]\d\d(?::?\d\d)?)?)?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Shape();
}
