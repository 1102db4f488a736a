using System.Text;

namespace Pilothouse.Runtimes.Process.Output;

/// <summary>Cuts a stream of bytes into lines of text. A line of any length costs at most <see cref="LongestLineBytes"/>.</summary>
/// <param name="received">Gets each line, without its line break.</param>
internal sealed class LineSplitter(Action<string> received)
{
    /// <summary>What is beyond is dropped, with a mark that says how much.</summary>
    public const int LongestLineBytes = 16 * 1024;

    private readonly byte[] _line = new byte[LongestLineBytes];
    private int _length;
    private long _dropped;

    public void Take(ReadOnlySpan<byte> bytes)
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

    /// <summary>The stream ended: what came after the last line break is a line too.</summary>
    public void End()
    {
        if (_length > 0 || _dropped > 0) Emit();
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
        var bytes = _line.AsSpan(0, _dropped > 0 ? WholeCharacters(_line.AsSpan(0, _length)) : _length);
        var text = Encoding.UTF8.GetString(bytes.TrimEnd((byte)'\r'));
        received(_dropped > 0 ? $"{text} … ({_dropped} bytes dropped)" : text);
        _length = 0;
        _dropped = 0;
    }

    /// <summary>Where the last character that is whole ends: the cut may have gone through one of up to four bytes.</summary>
    private static int WholeCharacters(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back <= Math.Min(4, bytes.Length); back++)
        {
            var lead = bytes[^back];
            if ((lead & 0xC0) == 0x80) continue;
            var length = lead switch { >= 0xF0 => 4, >= 0xE0 => 3, >= 0xC0 => 2, _ => 1 };
            return length > back ? bytes.Length - back : bytes.Length;
        }

        return bytes.Length;
    }
}
