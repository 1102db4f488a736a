using System.Globalization;

namespace Pilothouse.Cli.Access;

internal static class Times
{
    public static string Shown(DateTimeOffset? time) => time is { } at ? at.UtcDateTime.ToString("u", CultureInfo.InvariantCulture) : "";

    /// <exception cref="MisuseException">It is no time.</exception>
    public static DateTimeOffset Parse(string text, string option) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new MisuseException($"{option} '{text}' is no time; write it like 2027-01-31T00:00:00Z.");
}
