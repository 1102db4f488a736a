using System.Text.RegularExpressions;

namespace Pilothouse.Control.Deployments;

/// <summary>
/// References as the registries' grammar has them (OCI distribution specification; grammar of distribution/reference):
/// <c>[host[:port]/]path[:tag][@algorithm:hex]</c>, e.g. <c>registry.corp:5000/team/agent@sha256:…</c>.
/// </summary>
internal static partial class ImageReference
{
    // A repository name has at most 255 characters; tag 128 and digest 135 (sha512) come on top.
    private const int MaxNameLength = 255;
    private const int MaxLength = 600;

    public static bool IsValid(string text)
    {
        if (text.Length is 0 or > MaxLength) return false;
        var match = Reference().Match(text);
        return match.Success
            && match.Groups["name"].Length <= MaxNameLength
            && (!match.Groups["algorithm"].Success || IsDigest(match.Groups["algorithm"].Value, match.Groups["hex"].Value));
    }

    private static bool IsDigest(string algorithm, string hex) => algorithm switch
    {
        "sha256" => hex.Length == 64 && !hex.Any(char.IsAsciiLetterUpper),
        "sha512" => hex.Length == 128 && !hex.Any(char.IsAsciiLetterUpper),
        _ => hex.Length >= 32,
    };

    [GeneratedRegex(
        """
        \A
        (?<name>
          (?:
            (?: [A-Za-z0-9] (?: [A-Za-z0-9-]* [A-Za-z0-9] )? (?: \. [A-Za-z0-9] (?: [A-Za-z0-9-]* [A-Za-z0-9] )? )* | \[ [0-9A-Fa-f:]+ \] )
            (?: : [0-9]{1,5} )? /
          )?
          [a-z0-9]+ (?: (?: \. | _{1,2} | -+ ) [a-z0-9]+ )*
          (?: / [a-z0-9]+ (?: (?: \. | _{1,2} | -+ ) [a-z0-9]+ )* )*
        )
        (?: : [A-Za-z0-9_] [A-Za-z0-9_.-]{0,127} )?
        (?: @ (?<algorithm> [A-Za-z][A-Za-z0-9]* (?: [+._-] [A-Za-z][A-Za-z0-9]* )* ) : (?<hex> [0-9a-fA-F]+ ) )?
        \z
        """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)]
    private static partial Regex Reference();
}
