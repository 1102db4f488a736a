using System.Globalization;

namespace Pilothouse.Control.Explain;

/// <summary>How findings say numbers.</summary>
internal static class Words
{
    public static string At(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Span(TimeSpan span) => span.TotalSeconds switch
    {
        < 1 => "less than a second",
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0} s"),
        < 2 * 3600 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMinutes:0} min"),
        < 48 * 3600 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours:0} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays:0} days"),
    };

    public static string MiB(long bytes) => $"{bytes / (1024 * 1024)} MiB";

    public static string Times(int count) => count == 1 ? "once" : $"{count} times";

    public static string Sentence(string text) => text.Length > 0 && text[^1] is '.' or '!' or '?' ? text : text + ".";
}
