using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Pilothouse.Contract.Tests.Leaks;

/// <summary>Secrets that are told from any other text, and where they must not be found.</summary>
internal sealed class Markers
{
    private readonly ConcurrentDictionary<string, string> _known = [];

    public int Count => _known.Count;

    /// <param name="what">Where it is put, for the message.</param>
    public string New(string what) => Keep($"mk{RandomNumberGenerator.GetHexString(28, lowercase: true)}/+ \"{_known.Count}", what);

    /// <summary>A secret that the control plane made up.</summary>
    public string Keep(string secret, string what)
    {
        _known[secret] = what;
        return secret;
    }

    /// <returns>What of each secret that the bytes hold is, and in which spelling.</returns>
    public IEnumerable<string> FoundIn(byte[] bytes)
    {
        // A byte is a character, so that what is no text is searched, too.
        var text = Encoding.Latin1.GetString(bytes);
        foreach (var (secret, what) in _known)
        {
            foreach (var (name, spelling) in Spellings(secret))
            {
                if (text.Contains(spelling, StringComparison.OrdinalIgnoreCase)) yield return $"{what} ({name})";
            }
        }
    }

    private static IEnumerable<(string Name, string Text)> Spellings(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);

        // The first part stands as it is in every text; what follows is what escaping changes.
        yield return ("plain", secret.Split('/')[0]);
        yield return ("hex", Convert.ToHexString(bytes));
        yield return ("base64", Convert.ToBase64String(bytes)[..32]);
        yield return ("base64 one on", Convert.ToBase64String([0, .. bytes])[2..32]);
        yield return ("base64 two on", Convert.ToBase64String([0, 0, .. bytes])[3..32]);
        yield return ("UTF-16", Encoding.Latin1.GetString(Encoding.Unicode.GetBytes(secret.Split('/')[0])));
    }
}
