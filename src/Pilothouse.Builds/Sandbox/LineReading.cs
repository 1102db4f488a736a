using System.Text;
using System.Text.RegularExpressions;

namespace Pilothouse.Builds.Sandbox;

/// <summary>Cuts what a program prints into lines of plain text. A line of any length costs at most <see cref="LongestLineBytes"/>.</summary>
/// <param name="received">Gets each line, without its line break and without what would move a terminal's cursor or colour it.</param>
internal sealed partial class LineReading(Action<string> received)
{
    /// <summary>What is beyond is dropped, with a mark that says how much.</summary>
    public const int LongestLineBytes = 16 * 1024;

    private readonly byte[] _line = new byte[LongestLineBytes];
    private int _length;
    private long _dropped;

    /// <summary>Blocks until the stream ends.</summary>
    public void ReadAll(Stream stream)
    {
        var buffer = new byte[32 * 1024];
        int read;
        while ((read = stream.Read(buffer, 0, buffer.Length)) > 0) Take(buffer.AsSpan(0, read));
        if (_length > 0 || _dropped > 0) Emit();
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\n');
            Keep(end < 0 ? bytes : bytes[..end]);
            if (end < 0) return;
            Emit();
            bytes = bytes[(end + 1)..];
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        var kept = bytes[..Math.Min(bytes.Length, LongestLineBytes - _length)];
        kept.CopyTo(_line.AsSpan(_length));
        _length += kept.Length;
        _dropped += bytes.Length - kept.Length;
    }

    private void Emit()
    {
        var text = Plain(Encoding.UTF8.GetString(_line, 0, _length));
        received(_dropped > 0 ? $"{text.TrimEnd('\uFFFD')} … ({_dropped} bytes dropped)" : text);
        _length = 0;
        _dropped = 0;
    }

    /// <summary>What a terminal would show: of a line that was written over and over the last state.</summary>
    internal static string Plain(string line)
    {
        line = line.TrimEnd('\r');
        line = Escapes().Replace(line[(line.LastIndexOf('\r') + 1)..], "");
        return line.Any(letter => char.IsControl(letter) && letter != '\t')
            ? string.Concat(line.Select(letter => char.IsControl(letter) && letter != '\t' ? '\uFFFD' : letter))
            : line;
    }

    /// <summary>ECMA-48: control sequences, operating system commands, other escapes.</summary>
    [GeneratedRegex(@"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_a-z=>])", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Escapes();
}
