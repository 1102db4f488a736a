using System.Globalization;
using System.Text;

namespace Pilothouse.Builds.Sources;

/// <summary>Paths below the root of a source, with <c>/</c>, as users and archives write them.</summary>
internal static class SourcePath
{
    private const int LongestShown = 200;
    private const int LongestNameBytes = 255; // NAME_MAX

    /// <summary>
    /// Without <c>./</c>, <c>//</c> and <c>/./</c>; empty for the root itself. Null when the path could mean a place outside the source or could
    /// mislead whoever reads it; <paramref name="fault"/> then completes a sentence, e.g. <c>leads out of the source by '..'</c>.
    /// </summary>
    public static string? Normalize(string path, int limitBytes, int limitDepth, out string fault)
    {
        fault = Fault(path);
        if (fault.Length > 0) return null;

        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part is not ".").ToArray();
        if (parts.Contains("..", StringComparer.Ordinal)) fault = "leads upwards by '..'";
        else if (parts.Length > limitDepth) fault = $"lies {parts.Length} folders deep, and {limitDepth} is the limit";
        else if (Encoding.UTF8.GetByteCount(path) > limitBytes) fault = $"has a path of more than {limitBytes} bytes";
        else if (parts.Any(part => Encoding.UTF8.GetByteCount(part) > LongestNameBytes)) fault = $"has a name of more than {LongestNameBytes} bytes";
        return fault.Length > 0 ? null : string.Join('/', parts);
    }

    /// <summary>For messages and logs: nothing in it moves the cursor, ends the line or turns the text around.</summary>
    public static string Shown(string path)
    {
        var text = new StringBuilder();
        foreach (var letter in path.Take(LongestShown))
            _ = IsMisleading(letter)
                ? text.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}")
                : text.Append(letter);
        if (path.Length > LongestShown) text.Append('…');
        return text.ToString();
    }

    /// <summary>Control characters, and those that change the direction of text.</summary>
    public static bool IsMisleading(char letter) =>
        char.IsControl(letter) || letter is '\u200e' or '\u200f' or (>= '\u2028' and <= '\u202e') or (>= '\u2066' and <= '\u2069') or '\ufeff';

    private static string Fault(string path) => path switch
    {
        "" => "has no name",
        _ when path.Contains('\0', StringComparison.Ordinal) => "has a NUL in its name",
        _ when path[0] == '/' => "is absolute",
        _ when path.Contains('\\', StringComparison.Ordinal) => "has a backslash in its name",
        [var drive, ':', ..] when char.IsAsciiLetter(drive) => "begins with a drive letter",
        _ when path.Any(IsMisleading) => "has a control character in its name",
        _ => "",
    };
}
