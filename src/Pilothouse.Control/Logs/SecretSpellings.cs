using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace Pilothouse.Control.Logs;

/// <summary>How programs write a value when they do not write it as it is.</summary>
internal static class SecretSpellings
{
    /// <summary>Shorter pieces of base64 would hit ordinary words.</summary>
    private const int MinBase64Length = 8;

    public static IEnumerable<string> Of(string value)
    {
        yield return value;
        var json = Minimal(value);
        yield return json;
        yield return Minimal(json);
        yield return AsciiOnly(json);
        yield return JavaScriptEncoder.Default.Encode(value);
        yield return Uri.EscapeDataString(value);
        var bytes = Encoding.UTF8.GetBytes(value);
        yield return Convert.ToHexString(bytes);
        yield return Convert.ToHexStringLower(bytes);
        foreach (var base64 in Base64(bytes)) yield return base64;
    }

    /// <summary>As JSON.stringify writes it, without the quotes.</summary>
    private static string Minimal(string value) => JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value);

    /// <summary>As Python's json.dumps writes it.</summary>
    private static string AsciiOnly(string json)
    {
        if (json.All(char.IsAscii)) return json;
        var text = new StringBuilder();
        foreach (var character in json)
        {
            if (char.IsAscii(character)) text.Append(character);
            else text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
        }

        return text.ToString();
    }

    /// <summary>
    /// The value in base64 inside something longer begins at one of three places within a group of three bytes; each gives another text. What its
    /// neighbours have a part in is left out.
    /// </summary>
    private static IEnumerable<string> Base64(byte[] bytes)
    {
        for (var before = 0; before < 3; before++)
        {
            var padded = new byte[before + bytes.Length];
            bytes.CopyTo(padded, before);
            // A character holds six bits: those that lie wholly within the value are its own.
            var first = ((before * 8) + 5) / 6;
            var last = padded.Length * 8 / 6;
            if (last - first < MinBase64Length) continue;
            var own = Convert.ToBase64String(padded)[first..last];
            yield return own;
            if (own.AsSpan().ContainsAny('+', '/')) yield return own.Replace('+', '-').Replace('/', '_');
        }
    }
}
