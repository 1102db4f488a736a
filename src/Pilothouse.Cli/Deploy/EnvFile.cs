using System.Text;
using System.Text.RegularExpressions;

namespace Pilothouse.Cli.Deploy;

/// <summary>Reads <c>.env</c> files as dotenv does: <c>export</c>, quotes, comments, <c>${NAME}</c> and <c>${NAME:-else}</c>.</summary>
internal static partial class EnvFile
{
    /// <param name="outside">For <c>${NAME}</c> that the file itself does not have before.</param>
    public static IReadOnlyDictionary<string, string> Parse(string text, Func<string, string?> outside)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (Match match in Assignment().Matches(text.Replace("\r\n", "\n", StringComparison.Ordinal)))
        {
            var raw = match.Groups["value"].Value;
            string value;
            if (raw.StartsWith('\'')) value = raw[1..^1].Replace("\\'", "'", StringComparison.Ordinal);
            else if (raw.StartsWith('"')) value = Expand(Unescape(raw[1..^1]), variables, outside);
            else value = Expand(Comment().Replace(raw, "").Trim(), variables, outside);
            variables[match.Groups["name"].Value] = value;
        }

        return variables;
    }

    private static string Unescape(string text)
    {
        var plain = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '\\' || at + 1 == text.Length)
            {
                plain.Append(text[at]);
                continue;
            }

            plain.Append(text[++at] switch { 'n' => "\n", 'r' => "\r", 't' => "\t", '"' => "\"", '\\' => "\\", '$' => "$", var letter => $"\\{letter}" });
        }

        return plain.ToString();
    }

    private static string Expand(string text, Dictionary<string, string> known, Func<string, string?> outside) => Reference().Replace(text, match =>
        (known.GetValueOrDefault(match.Groups["name"].Value) ?? outside(match.Groups["name"].Value)) is { Length: > 0 } value ? value : match.Groups["else"].Value);

    [GeneratedRegex("""^[ \t]*(?:export[ \t]+)?(?<name>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*(?<value>'(?:\\'|[^'])*'|"(?:\\.|[^"\\])*"|[^\n]*)""", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"(^|\s)#.*$", RegexOptions.ExplicitCapture)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(:-(?<else>[^}]*))?\}", RegexOptions.ExplicitCapture)]
    private static partial Regex Reference();
}
