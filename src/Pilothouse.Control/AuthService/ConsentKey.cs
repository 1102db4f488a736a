using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Pilothouse.Control.AuthService;

/// <summary>32 random bytes in base64url, of which only the hash is stored: a <c>state</c>, an <c>auth_id</c> or a PKCE verifier.</summary>
internal static class ConsentKey
{
    private const int Length = 43;

    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>Null for what can be none.</summary>
    public static byte[]? Hash(string? key) => key?.Length == Length ? SHA256.HashData(Encoding.UTF8.GetBytes(key)) : null;

    /// <summary>RFC 7636, S256.</summary>
    public static string Challenge(string verifier) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));
}

/// <summary>Where a consent is.</summary>
internal static class ConsentStatuses
{
    public const string Pending = "pending";

    /// <summary>It came back, and its code is on its way; it cannot come back again.</summary>
    public const string Claimed = "claimed";

    public const string Completed = "completed";
    public const string Failed = "failed";
}
