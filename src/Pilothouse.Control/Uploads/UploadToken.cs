using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Pilothouse.Control.Uploads;

/// <summary>What authorises one upload: 32 random bytes in base64url, of which only the hash is stored.</summary>
internal static class UploadToken
{
    private const int Length = 43;

    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>Null for what can be no token.</summary>
    public static byte[]? Hash(string token) => token.Length == Length ? SHA256.HashData(Encoding.UTF8.GetBytes(token)) : null;
}
