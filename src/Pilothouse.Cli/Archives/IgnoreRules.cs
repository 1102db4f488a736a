using System.Text;
using System.Text.RegularExpressions;

namespace Pilothouse.Cli.Archives;

/// <summary>The lines of one ignore file (gitignore(5)), which count below its folder.</summary>
internal sealed class IgnoreRules
{
    /// <summary>Linear in the path's length, whatever the pattern.</summary>
    private const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;

    private readonly List<(Regex Pattern, bool IsNegated, bool IsFolderOnly)> _rules = [];

    /// <param name="isAnchored">Every pattern counts from the file's folder, as in <c>.dockerignore</c>; else only those with a slash, as in <c>.gitignore</c>.</param>
    public static IgnoreRules Parse(IEnumerable<string> lines, bool isAnchored = false)
    {
        var rules = new IgnoreRules();
        foreach (var line in lines) rules.Add(line, isAnchored);
        return rules;
    }

    /// <param name="path">Below the file's folder, with <c>/</c>.</param>
    /// <returns>Null when no line says anything about the path.</returns>
    public bool? IsIgnored(string path, bool isFolder)
    {
        for (var at = _rules.Count - 1; at >= 0; at--)
        {
            var (pattern, isNegated, isFolderOnly) = _rules[at];
            if ((!isFolderOnly || isFolder) && pattern.IsMatch(path)) return !isNegated;
        }

        return null;
    }

    private void Add(string line, bool isAlwaysAnchored)
    {
        line = TrimEnd(line.EndsWith('\r') ? line[..^1] : line);
        if (line.Length == 0 || line[0] == '#') return;
        var isNegated = line[0] == '!';
        if (isNegated) line = line[1..];
        var isFolderOnly = line.EndsWith('/');
        line = line.TrimEnd('/');
        if (line.Length == 0) return;

        // A slash anywhere but at the end ties the pattern to the file's folder.
        var isAnchored = isAlwaysAnchored || line.Contains('/', StringComparison.Ordinal);
        line = line.TrimStart('/');
        if (Translate(line) is not { } translated) return;
        var expression = $"^{(isAnchored ? "" : "(?:.*/)?")}{translated}\\z";
        _rules.Add((new Regex(expression, Options), isNegated, isFolderOnly));
    }

    private static string TrimEnd(string line)
    {
        while (line.EndsWith(' ') && !line.EndsWith("\\ ", StringComparison.Ordinal)) line = line[..^1];
        return line;
    }

    /// <returns>Null for a pattern that git takes for broken: it matches nothing.</returns>
    private static string? Translate(string pattern)
    {
        var expression = new StringBuilder();
        for (var at = 0; at < pattern.Length; at++)
        {
            var rest = pattern.AsSpan(at);
            if (rest.StartsWith("**/") && (at == 0 || pattern[at - 1] == '/'))
            {
                expression.Append("(?:.*/)?");
                at += 2;
            }
            else if (rest is "**" && at > 0 && pattern[at - 1] == '/')
            {
                expression.Append(".+");
                at++;
            }
            else if (pattern[at] == '[')
            {
                if (CharacterClass.Parse(pattern, at) is not { } found) return null;
                expression.Append(found.Expression);
                at += found.Length - 1;
            }
            else if (pattern[at] == '\\' && at + 1 == pattern.Length)
            {
                return null;
            }
            else
            {
                expression.Append(pattern[at] switch
                {
                    '*' => "[^/]*",
                    '?' => "[^/]",
                    '\\' => Regex.Escape(pattern[++at].ToString()),
                    var letter => Regex.Escape(letter.ToString()),
                });
            }
        }

        return expression.ToString();
    }
}
