using System.Text;
using System.Text.RegularExpressions;

namespace Pilothouse.Cli.Archives;

/// <summary>The lines of one ignore file (gitignore(5)), which count below its folder.</summary>
internal sealed class IgnoreRules
{
    private readonly List<(Regex Pattern, bool IsNegated, bool IsFolderOnly)> _rules = [];

    public static IgnoreRules Parse(IEnumerable<string> lines)
    {
        var rules = new IgnoreRules();
        foreach (var line in lines) rules.Add(line);
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

    private void Add(string line)
    {
        line = TrimEnd(line.TrimEnd('\r'));
        if (line.Length == 0 || line[0] == '#') return;
        var isNegated = line[0] == '!';
        if (isNegated) line = line[1..];
        var isFolderOnly = line.EndsWith('/');
        line = line.TrimEnd('/');
        if (line.Length == 0) return;

        // A slash anywhere but at the end ties the pattern to the file's folder.
        var isAnchored = line.Contains('/', StringComparison.Ordinal);
        line = line.TrimStart('/');
        var expression = $"^{(isAnchored ? "" : "(?:.*/)?")}{Translate(line)}$";
        _rules.Add((new Regex(expression, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)), isNegated, isFolderOnly));
    }

    private static string TrimEnd(string line)
    {
        while (line.EndsWith(' ') && !line.EndsWith("\\ ", StringComparison.Ordinal)) line = line[..^1];
        return line;
    }

    private static string Translate(string pattern)
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
            else if (pattern[at] == '[' && Class(pattern, at) is var (text, length) && length > 0)
            {
                expression.Append(text);
                at += length - 1;
            }
            else
            {
                expression.Append(pattern[at] switch
                {
                    '*' => "[^/]*",
                    '?' => "[^/]",
                    '\\' when at + 1 < pattern.Length => Regex.Escape(pattern[++at].ToString()),
                    var letter => Regex.Escape(letter.ToString()),
                });
            }
        }

        return expression.ToString();
    }

    private static (string Text, int Length) Class(string pattern, int at)
    {
        var from = at + 1;
        var isNegated = from < pattern.Length && pattern[from] is '!' or '^';
        if (isNegated) from++;
        var end = from >= pattern.Length ? -1 : pattern.IndexOf(']', from + 1 <= pattern.Length ? from + 1 : from);
        if (end < 0) return ("", 0);
        var inner = pattern[from..end].Replace("\\", "\\\\", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal).Replace("^", "\\^", StringComparison.Ordinal);
        return ($"(?!/)[{(isNegated ? "^" : "")}{inner}]", end - at + 1);
    }
}
