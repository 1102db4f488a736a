using System.Security.Cryptography;
using System.Text;

namespace Pilothouse.Control.Access;

/// <summary>The key as people see it: <c>lsv2_sk_</c> (service) or <c>lsv2_pt_</c> (personal) and 64 hex digits (32 random bytes).</summary>
internal static class ApiKeyText
{
    public const int MaxLength = 512;
    private const string ServiceKeyPrefix = "lsv2_sk_";
    private const string PersonalKeyPrefix = "lsv2_pt_";
    private const int MinLength = 20;
    private const int ShownLength = 12;

    public static string New(bool isPersonal = false) =>
        (isPersonal ? PersonalKeyPrefix : ServiceKeyPrefix) + RandomNumberGenerator.GetHexString(64, lowercase: true);

    /// <summary>Keys are long and random, so a plain hash is as good as a slow one (nothing to guess).</summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>For people to tell keys apart; says nothing about the rest.</summary>
    public static string Shown(string key) => key[..Math.Min(ShownLength, key.Length)];

    /// <summary>A key that an operator brings: printable ASCII without spaces and commas, at least 20 characters.</summary>
    public static bool IsAcceptable(string key) =>
        key.Length is >= MinLength and <= MaxLength && key.All(character => character is > ' ' and < (char)127 and not ',');
}
