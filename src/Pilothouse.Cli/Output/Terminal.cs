using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pilothouse.Cli.Output;

/// <summary>Where things are printed: data on standard output, prose on standard error.</summary>
internal sealed class Terminal(TextWriter output, TextWriter error)
{
    public void Data(string line) => output.WriteLine(Harmless(line));

    /// <summary>To people.</summary>
    public void Say(string line) => error.WriteLine(Harmless(line));

    /// <summary>One JSON object a line.</summary>
    public void Json(JsonObject line)
    {
        output.WriteLine(line.ToJsonString());
        output.Flush();
    }

    public void Json(JsonElement element) => output.WriteLine(element.GetRawText());

    /// <summary>Columns as wide as their longest cell; the last one is not padded.</summary>
    public void Table(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var widths = headings.Select((heading, column) => rows.Select(row => row[column].Length).Append(heading.Length).Max()).ToArray();
        foreach (var row in rows.Prepend(headings))
            output.WriteLine(Harmless(string.Join("  ", row.Select((cell, column) => column == widths.Length - 1 ? cell : cell.PadRight(widths[column]))).TrimEnd()));
    }

    /// <summary>
    /// Text of other people as it may be shown: no control character reaches the terminal, neither escape sequences nor those that turn the direction of
    /// writing; tabs stay.
    /// </summary>
    public static string Harmless(string text)
    {
        if (!text.Any(IsHarmful)) return text;
        var shown = new StringBuilder(text.Length);
        foreach (var letter in text) shown.Append(IsHarmful(letter) ? '\uFFFD' : letter);
        return shown.ToString();
    }

    private static bool IsHarmful(char letter) => (char.IsControl(letter) && letter is not '\t' and not '\n')
        || letter is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u200E' or '\u200F';
}
