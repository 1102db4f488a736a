using System.Text;

namespace Pilothouse.Builds.AgentServers.Python;

/// <summary>
/// As much of TOML as pyproject.toml and uv.lock need before anything is installed: tables, strings and lists of strings. What it does not
/// understand it leaves out; uv reads the file in full later.
/// </summary>
internal sealed class TomlFile
{
    private readonly List<(string Table, string Key, string Value)> _entries = [];

    public IEnumerable<string> Tables => _entries.Select(entry => entry.Table).Distinct(StringComparer.Ordinal);

    public static TomlFile? Read(string path) => File.Exists(path) ? Parse(File.ReadLines(path)) : null;

    public static TomlFile Parse(IEnumerable<string> lines)
    {
        var file = new TomlFile();
        var (table, key, value, number) = ("", "", new StringBuilder(), 0);
        // An escaped quote inside a string is as good as the other quote here.
        foreach (var line in lines.Select(line => line.Trim().Replace("\\\"", "'", StringComparison.Ordinal)))
        {
            if (key.Length == 0)
            {
                if (line.StartsWith("[[", StringComparison.Ordinal)) table = $"{line.Split(']')[0].Trim('[', ' ')}#{number++}";
                else if (line.StartsWith('[')) table = line.Split(']')[0].Trim('[', ' ');
                var equals = line.IndexOf('=', StringComparison.Ordinal);
                if (line.StartsWith('[') || line.StartsWith('#') || equals <= 0) continue;
                key = line[..equals].Trim(' ', '"', '\'');
                value.Clear().Append(line[(equals + 1)..].Trim());
            }
            else
            {
                value.Append('\n').Append(line);
            }

            if (IsOpen(value.ToString())) continue;
            file._entries.Add((table, key, value.ToString()));
            key = "";
        }

        return file;
    }

    public bool Has(string table) => _entries.Exists(entry => string.Equals(entry.Table, table, StringComparison.Ordinal) || entry.Table.StartsWith($"{table}.", StringComparison.Ordinal));

    public string? Text(string table, string key) => Value(table, key) is ['"' or '\'', ..] value ? Strings(value).FirstOrDefault() : null;

    public IReadOnlyList<string> List(string table, string key) => Value(table, key) is ['[', ..] value ? [.. Strings(value)] : [];

    private string? Value(string table, string key) => _entries
        .Find(entry => string.Equals(entry.Table, table, StringComparison.Ordinal) && string.Equals(entry.Key, key, StringComparison.Ordinal)).Value;

    /// <summary>Whether a list goes on in the next line.</summary>
    private static bool IsOpen(string value)
    {
        if (!value.StartsWith('[')) return false;
        var (depth, quote, isComment) = (0, '\0', false);
        foreach (var letter in value)
        {
            if (letter == '\n') isComment = false;
            if (isComment) continue;
            if (quote != '\0') quote = letter == quote ? '\0' : quote;
            else if (letter is '"' or '\'') quote = letter;
            else if (letter == '#') isComment = true;
            else if (letter == '[') depth++;
            else if (letter == ']') depth--;
        }

        return depth > 0;
    }

    private static IEnumerable<string> Strings(string value)
    {
        var (text, quote, isComment) = (new StringBuilder(), '\0', false);
        foreach (var letter in value)
        {
            if (quote != '\0' && letter != quote)
            {
                text.Append(letter);
            }
            else if (quote != '\0')
            {
                quote = '\0';
                yield return text.ToString();
                text.Clear();
            }
            else if (letter == '\n')
            {
                isComment = false;
            }
            else if (letter is '"' or '\'' && !isComment)
            {
                quote = letter;
            }
            else if (letter == '#')
            {
                isComment = true;
            }
        }
    }
}
