using System.Globalization;
using System.Text;

namespace Pilothouse.Cli.Archives;

/// <summary>One <c>[…]</c> of an ignore pattern as a regular expression; it never matches a slash.</summary>
/// <param name="Length">Of the pattern's text.</param>
internal sealed record CharacterClass(string Expression, int Length)
{
    private static readonly Dictionary<string, string> s_posix = new(StringComparer.Ordinal)
    {
        ["alnum"] = "a-zA-Z0-9",
        ["alpha"] = "a-zA-Z",
        ["blank"] = " \\t",
        ["cntrl"] = "\\x00-\\x1F\\x7F",
        ["digit"] = "0-9",
        ["graph"] = "!-~",
        ["lower"] = "a-z",
        ["print"] = " -~",
        ["punct"] = "!-/:-@\\[-`{-~",
        ["space"] = "\\s",
        ["upper"] = "A-Z",
        ["xdigit"] = "0-9A-Fa-f",
    };

    /// <param name="at">Of the opening bracket.</param>
    /// <returns>Null when it is not closed, or names a class that is none.</returns>
    public static CharacterClass? Parse(string pattern, int at)
    {
        var inner = new StringBuilder();
        var next = at + 1;
        var isNegated = next < pattern.Length && pattern[next] is '!' or '^';
        if (isNegated) next++;
        for (var first = next; next < pattern.Length; first = -1)
        {
            if (pattern[next] == ']' && next != first) return new CharacterClass(Expressed(inner.ToString(), isNegated), next - at + 1);
            if (pattern[next] == '[' && next + 1 < pattern.Length && pattern[next + 1] == ':')
            {
                var end = pattern.IndexOf(":]", next + 2, StringComparison.Ordinal);
                if (end < 0 || !s_posix.TryGetValue(pattern[(next + 2)..end], out var set)) return null;
                inner.Append(set);
                next = end + 2;
                continue;
            }

            if (Letter(pattern, ref next) is not { } from) return null;
            var to = from;
            if (next + 1 < pattern.Length && pattern[next] == '-' && pattern[next + 1] != ']')
            {
                next++;
                if (Letter(pattern, ref next) is not { } last) return null;
                to = last;
            }

            // A range the wrong way round holds nothing.
            if (from <= to) inner.Append(Code(from)).Append('-').Append(Code(to));
        }

        return null;
    }

    private static string Expressed(string inner, bool isNegated) => (inner.Length, isNegated) switch
    {
        (0, true) => "[^/]",
        (0, false) => "[^\\s\\S]",
        (_, true) => $"[^/{inner}]",
        _ => $"[{inner}-[/]]",
    };

    private static char? Letter(string pattern, ref int next)
    {
        if (pattern[next] == '\\') next++;
        return next < pattern.Length ? pattern[next++] : null;
    }

    private static string Code(char letter) => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)letter:X4}");
}
