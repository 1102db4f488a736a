using System.Text;

namespace Pilothouse.Builds.Sandbox;

/// <param name="Variables">Set for this program alone.</param>
internal sealed record CommandStep(IReadOnlyList<KeyValuePair<string, string>> Variables, IReadOnlyList<string> Arguments);

/// <summary>
/// A command of the revision read without a shell, for builds without a sandbox: programs joined by <c>&amp;&amp;</c>, <c>cd</c>, <c>NAME=value</c> and
/// single quotes. Whatever else a shell would do needs the sandbox.
/// </summary>
internal static class PlainCommand
{
    private const string OfShells = "*?[](){}~#!\"`\\|;$<>&\n\r\0";

    /// <returns>Null when it needs a shell; <paramref name="why"/> then says what for.</returns>
    public static IReadOnlyList<CommandStep>? Parse(string command, out string why)
    {
        why = "";
        var steps = new List<CommandStep>();
        foreach (var part in command.Split("&&"))
        {
            if (Words(part, out why) is not { } words) return null;
            var variables = words.TakeWhile(IsVariable).Select(word => word.Split('=', 2)).Select(pair => KeyValuePair.Create(pair[0], pair[1])).ToArray();
            if (words.Count == variables.Length)
            {
                why = words.Count == 0 ? "there is nothing between two &&" : "it sets a variable for no program";
                return null;
            }

            steps.Add(new CommandStep(variables, words[variables.Length..]));
        }

        return steps;
    }

    private static List<string>? Words(string text, out string why)
    {
        why = "";
        var words = new List<string>();
        var word = new StringBuilder();
        var (isQuoted, isWord) = (false, false);
        foreach (var letter in text)
        {
            if (letter == '\'')
            {
                (isQuoted, isWord) = (!isQuoted, true);
            }
            else if (!isQuoted && letter == ' ')
            {
                if (isWord) words.Add(word.ToString());
                word.Clear();
                isWord = false;
            }
            else if (!isQuoted && OfShells.Contains(letter, StringComparison.Ordinal))
            {
                why = $"it uses '{letter}'";
                return null;
            }
            else
            {
                word.Append(letter);
                isWord = true;
            }
        }

        if (isQuoted) why = "a quote is not closed";
        if (isWord) words.Add(word.ToString());
        return isQuoted ? null : words;
    }

    private static bool IsVariable(string word) =>
        word.IndexOf('=', StringComparison.Ordinal) is var sign and > 0
        && (char.IsAsciiLetter(word[0]) || word[0] == '_') && word[..sign].All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_');
}
