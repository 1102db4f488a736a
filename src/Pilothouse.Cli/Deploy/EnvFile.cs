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
            if (match.Groups["single"].Success) value = match.Groups["single"].Value.Replace("\\'", "'", StringComparison.Ordinal);
            else if (match.Groups["double"].Success) value = Unescape(match.Groups["double"].Value, variables, outside);
            else value = Expand(Comment().Replace(raw, "").Trim(), variables, outside);
            variables[match.Groups["name"].Value] = value;
        }

        return variables;
    }

    /// <summary>In one pass, so that <c>\$</c> stays a dollar and what is put in for a name is left as it is.</summary>
    private static string Unescape(string text, Dictionary<string, string> known, Func<string, string?> outside) => EscapeOrReference().Replace(text, match =>
        match.Value[0] == '$' ? Value(match, known, outside) : match.Value[1] switch
        {
            'n' => "\n",
            'r' => "\r",
            't' => "\t",
            '"' or '\\' or '$' => match.Value[1..],
            _ => match.Value,
        });

    private static string Expand(string text, Dictionary<string, string> known, Func<string, string?> outside) =>
        Reference().Replace(text, match => Value(match, known, outside));

    private static string Value(Match reference, Dictionary<string, string> known, Func<string, string?> outside)
    {
        var name = reference.Groups["name"].Value;
        return (known.GetValueOrDefault(name) ?? outside(name)) is { Length: > 0 } value ? value : reference.Groups["else"].Value;
    }

    [GeneratedRegex("""^[ \t]*(?:export[ \t]+)?(?<name>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*(?<value>'(?<single>(?:\\'|[^'])*)'|"(?<double>(?:\\[\s\S]|[^"\\])*)"|[^\n]*)""", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"(^|\s)#.*$", RegexOptions.ExplicitCapture)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(:-(?<else>[^}]*))?\}", RegexOptions.ExplicitCapture)]
    private static partial Regex Reference();

    [GeneratedRegex(@"\\.|\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(:-(?<else>[^}]*))?\}", RegexOptions.ExplicitCapture)]
    private static partial Regex EscapeOrReference();
}
