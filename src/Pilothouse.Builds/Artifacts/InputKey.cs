using System.Security.Cryptography;
using System.Text;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.Artifacts;

/// <summary>Names a build by all that goes into it, but for the agent server, which is known only once the source is read.</summary>
internal static class InputKey
{
    /// <summary>Raised when the engine makes something else of the same input.</summary>
    private const int EngineFormat = 1;

    private const int Letters = 40;

    /// <param name="sourcesFingerprint">Of the operator's package sources.</param>
    public static string Of(BuildRequest request, string sourcesFingerprint)
    {
        var source = request.Source switch
        {
            BuildSource.Tarball tarball => $"tarball {tarball.Sha256.ToLowerInvariant()}",
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        string?[] parts =
        [
            EngineFormat.ToString(System.Globalization.CultureInfo.InvariantCulture), source, request.ConfigPath, request.InstallCommand, request.BuildCommand, sourcesFingerprint,
        ];
        var text = string.Concat(parts.Select(part => part is null ? "-;" : $"{part.Length}:{part};"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..Letters];
    }

    public static bool IsOne(string text) => text.Length == Letters && text.All(char.IsAsciiHexDigitLower);
}
