using System.Buffers;
using System.Text;

namespace Pilothouse.Control.Logs;

/// <summary>
/// Replaces secret values in text, also where they are written as JSON, percent-encoded or in base64. Values shorter than six characters are left:
/// they would hit half of every line and hide little.
/// </summary>
internal sealed class Redactor
{
    public const string Mask = "***";

    /// <summary>Longer values are recognised by this many first characters, and masked as far as they go on.</summary>
    public const int HeadLength = 256;

    private const int MinLength = 6;

    private readonly string[] _spellings;
    private readonly SearchValues<string>? _heads;

    private Redactor(string[] spellings)
    {
        _spellings = spellings;
        _heads = spellings.Length == 0
            ? null
            : SearchValues.Create([.. spellings.Select(Head).Distinct(StringComparer.Ordinal)], StringComparison.Ordinal);
    }

    /// <summary>Nothing is secret.</summary>
    public static Redactor None { get; } = new([]);

    public static Redactor Of(IEnumerable<string> values)
    {
        var spellings = values
            .SelectMany(Parts)
            .Where(part => part.Length >= MinLength)
            .SelectMany(SecretSpellings.Of)
            .Where(spelling => spelling.Length >= MinLength)
            .Distinct(StringComparer.Ordinal)
            .ToArray();
        return spellings.Length == 0 ? None : new Redactor(spellings);
    }

    public string Redact(string text) => Redact(text, text.Length);

    /// <param name="limit">Only text that begins before it is returned; what follows is looked at, so that no part of a secret is left at the end.</param>
    public string Redact(string text, int limit)
    {
        if (_heads is null) return text[..limit];
        var result = new StringBuilder();
        var at = 0;
        while (at < limit)
        {
            var found = text.AsSpan(at).IndexOfAny(_heads);
            if (found < 0 || at + found >= limit) break;
            result.Append(text, at, found).Append(Mask);
            at = EndOfSecrets(text, at + found);
        }

        return at >= limit ? result.ToString() : result.Append(text, at, limit - at).ToString();
    }

    /// <summary>Where the secret at this place ends, and those that overlap it.</summary>
    private int EndOfSecrets(string text, int begin)
    {
        var end = begin + 1;
        for (var at = begin; at < end; at++)
        {
            if (at > begin)
            {
                var next = text.AsSpan(at, Math.Min(text.Length, end + HeadLength) - at).IndexOfAny(_heads!);
                if (next < 0 || at + next >= end) break;
                at += next;
            }

            end = Math.Max(end, at + LengthAt(text.AsSpan(at)));
        }

        return end;
    }

    private int LengthAt(ReadOnlySpan<char> text)
    {
        var longest = 0;
        foreach (var spelling in _spellings)
        {
            if (!text.StartsWith(Head(spelling), StringComparison.Ordinal)) continue;
            longest = Math.Max(longest, text.CommonPrefixLength(spelling));
        }

        return longest;
    }

    /// <summary>The whole and each of its lines: a key in PEM is printed line by line.</summary>
    private static IEnumerable<string> Parts(string value)
    {
        var trimmed = value.Trim();
        yield return trimmed;
        if (!trimmed.Contains('\n', StringComparison.Ordinal)) yield break;
        foreach (var line in trimmed.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            yield return line;
    }

    private static string Head(string spelling) => spelling.Length <= HeadLength ? spelling : spelling[..HeadLength];
}
