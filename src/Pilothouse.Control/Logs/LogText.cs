using System.Text;

namespace Pilothouse.Control.Logs;

/// <summary>Turns what a program printed into text that acts on nobody who reads it, and that has an end.</summary>
internal static class LogText
{
    /// <summary>Beyond the limit this much is looked at, so that a secret that lies across the limit is recognised.</summary>
    public const int LookAhead = Redactor.HeadLength;

    private const string Cut = " … (cut: the line was longer)";
    private const char Escape = '\u001b';
    private const char ControlPictures = '\u2400';

    /// <summary>Cleans, redacts and bounds, in that order: nothing that hides a secret from the redactor is left by then.</summary>
    /// <param name="limitBytes">UTF-8 bytes, at least 256.</param>
    public static string Stored(string raw, Redactor redactor, int limitBytes)
    {
        var clean = Clean(raw, limitBytes, out var isWhole);

        // Text that was cut may end within a secret: its last part is looked at and never kept.
        var limit = isWhole ? Math.Min(clean.Length, limitBytes) : Math.Max(0, Math.Min(limitBytes, clean.Length - LookAhead));
        var redacted = redactor.Redact(clean, limit);
        var bounded = Bounded(redacted, limitBytes);
        return isWhole && limit == clean.Length && bounded.Length == redacted.Length ? bounded.TrimEnd() : bounded + Cut;
    }

    /// <summary>
    /// Without terminal sequences; other control characters become visible; line breaks and tabs stay. At most <paramref name="limit"/> and
    /// <see cref="LookAhead"/> characters.
    /// </summary>
    private static string Clean(string raw, int limit, out bool isWhole)
    {
        // Nothing but terminal sequences for four times the limit is no log line.
        var end = Math.Min(raw.Length, 4 * (limit + LookAhead));
        var most = limit + LookAhead;
        var clean = new StringBuilder(Math.Min(end, most));
        var at = 0;
        while (at < end && clean.Length < most)
        {
            var character = raw[at];
            if (character == Escape) at = AfterSequence(raw, at, end, clean);
            else at += Append(raw, at, clean);
        }

        isWhole = at >= raw.Length;
        return clean.ToString();
    }

    /// <returns>How many characters were taken.</returns>
    private static int Append(string raw, int at, StringBuilder clean)
    {
        var character = raw[at];
        switch (character)
        {
            case '\t' or '\n':
                clean.Append(character);
                return 1;
            case '\r':
                if (at + 1 >= raw.Length || raw[at + 1] != '\n') clean.Append('\n');
                return 1;
            case '\u007f':
                clean.Append('\u2421');
                return 1;
            case < ' ':
                clean.Append((char)(ControlPictures + character));
                return 1;
            case >= '\u0080' and < '\u00a0':
                clean.Append('\ufffd');
                return 1;
            case >= '\u202a' and <= '\u202e' or >= '\u2066' and <= '\u2069':
                // They reorder what is printed after them.
                clean.Append($"\\u{(int)character:x4}");
                return 1;
        }

        if (!char.IsSurrogate(character))
        {
            clean.Append(character);
            return 1;
        }

        if (at + 1 >= raw.Length || !char.IsSurrogatePair(character, raw[at + 1]))
        {
            clean.Append('\ufffd');
            return 1;
        }

        clean.Append(raw, at, 2);
        return 2;
    }

    /// <summary>CSI and OSC sequences (ECMA-48) go; any other ESC is shown.</summary>
    private static int AfterSequence(string raw, int at, int end, StringBuilder clean)
    {
        if (at + 1 < end && raw[at + 1] == '[')
        {
            for (var next = at + 2; next < end; next++)
            {
                if (raw[next] is >= '@' and <= '~') return next + 1;
                if (raw[next] is not (>= ' ' and <= '?')) break;
            }
        }
        else if (at + 1 < end && raw[at + 1] == ']')
        {
            for (var next = at + 2; next < end; next++)
            {
                if (raw[next] == '\a') return next + 1;
                if (raw[next] == Escape) return next + 1 < end && raw[next + 1] == '\\' ? next + 2 : next;
                if (raw[next] is '\n' or '\r') break;
            }
        }

        clean.Append((char)(ControlPictures + Escape));
        return at + 1;
    }

    /// <summary>Whole characters only.</summary>
    private static string Bounded(string text, int limitBytes)
    {
        if (text.Length * 3 <= limitBytes || Encoding.UTF8.GetByteCount(text) <= limitBytes) return text;
        var bytes = 0;
        var length = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > limitBytes) break;
            length += rune.Utf16SequenceLength;
        }

        return text[..length];
    }
}
