using System.Text.RegularExpressions;
using Pilothouse.Contracts.Explain;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Explain;

/// <summary>Picks from the end of a log the lines that say why. Pure.</summary>
internal static partial class LinesThatMatter
{
    /// <summary>A stack trace's first frames, the marked line of a compiler.</summary>
    private const int LinesAfter = 2;

    private const int LongestLine = 400;
    private const int Error = 3;

    /// <param name="lines">Oldest first.</param>
    /// <param name="besides">The reason that is told anyway.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<LogRow> lines, string? besides = null)
    {
        var texts = lines
            .SelectMany(line => line.Message.Split('\n').Select(text => (line.Level, Text: text.TrimEnd())))
            .Where(line => line.Text.Length > 0 && !string.Equals(line.Text, besides, StringComparison.Ordinal))
            .ToList();
        var chosen = new SortedSet<int>();
        for (var at = texts.Count - 1; at >= 0 && chosen.Count < Finding.MostDetails; at--)
        {
            if (!SaysWhy(texts[at].Level, texts[at].Text)) continue;
            chosen.Add(at);
            for (var next = at + 1; next <= at + LinesAfter && next < texts.Count && IsOfTheProject(texts[next].Text); next++) chosen.Add(next);
        }

        var picked = chosen.Count > 0 ? chosen.Select(at => texts[at].Text) : texts.Select(line => line.Text);
        return [.. picked.TakeLast(Finding.MostDetails).Select(Short)];
    }

    /// <summary>The last few as they are.</summary>
    public static IReadOnlyList<string> Last(IReadOnlyList<LogRow> lines, int count) => [.. lines.TakeLast(count).Select(line => Short(line.Message))];

    private static bool SaysWhy(int level, string text) => level >= Error || Words().IsMatch(text);

    private static bool IsOfTheProject(string text) =>
        !text.Contains("node_modules", StringComparison.Ordinal) && !text.Contains("site-packages", StringComparison.Ordinal)
        && !text.Contains("node:internal", StringComparison.Ordinal);

    private static string Short(string line) => line.Length <= LongestLine ? line : line[..LongestLine] + "…";

    [GeneratedRegex(@"\b\w*(error|exception|fatal|panic|traceback)\b|cannot find|not found|no such file|permission denied|killed|heap out of memory", RegexOptions.IgnoreCase)]
    private static partial Regex Words();
}
