using System.Security.Cryptography;
using System.Text.Json;

namespace Pilothouse.Contracts.Listeners;

/// <param name="PublicKey">Of the sender, made for this answer alone; base64 of its SubjectPublicKeyInfo.</param>
/// <param name="Nonce">12 bytes, base64.</param>
/// <param name="Ciphertext">With the tag, 16 bytes, at its end; base64.</param>
public sealed record SealedEnvironment(string PublicKey, string Nonce, string Ciphertext);

/// <summary>
/// Environments hold secrets, so they go to a listener elsewhere encrypted to a key that its process made at its start and never stores: who reads the
/// connection, or a log of it, learns nothing. ECDH on P-256, HKDF-SHA256, AES-256-GCM, bound to the revision (in the manner of RFC 9180).
/// </summary>
public static class EnvironmentSeal
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int KeyBytes = 32;

    /// <summary>A public key of P-256 has 91 bytes.</summary>
    private const int LongestPublicKey = 200;

    private static ReadOnlySpan<byte> Purpose => "pilothouse listener environment 1"u8;

    /// <returns>The key pair of one end.</returns>
    public static ECDiffieHellman NewPair() => ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);

    public static string PublicKeyOf(ECDiffieHellman pair)
    {
        ArgumentNullException.ThrowIfNull(pair);
        return Convert.ToBase64String(pair.PublicKey.ExportSubjectPublicKeyInfo());
    }

    /// <summary>Whether environments can be sealed to that: a public key on P-256.</summary>
    public static bool IsPublicKey(string text)
    {
        try
        {
            using var key = Read(text);
            return true;
        }
        catch (Exception hostile) when (hostile is CryptographicException or FormatException or ArgumentException or PlatformNotSupportedException)
        {
            return false;
        }
    }

    /// <returns>Null when the text is no public key on P-256.</returns>
    public static EnvironmentSealer? SealerFor(string publicKey)
    {
        try
        {
            using var recipient = Read(publicKey);
            using var pair = NewPair();
            return new EnvironmentSealer(PublicKeyOf(pair), KeyOf(pair, recipient));
        }
        catch (Exception hostile) when (hostile is CryptographicException or FormatException or ArgumentException or PlatformNotSupportedException)
        {
            return null;
        }
    }

    /// <exception cref="CryptographicException">It was sealed to another key, is another revision's, or was changed on its way.</exception>
    public static IReadOnlyDictionary<string, string> Open(ECDiffieHellman pair, SealedEnvironment box, Guid revision)
    {
        ArgumentNullException.ThrowIfNull(pair);
        ArgumentNullException.ThrowIfNull(box);
        try
        {
            using var sender = Read(box.PublicKey);
            var (nonce, sealedText) = (Convert.FromBase64String(box.Nonce), Convert.FromBase64String(box.Ciphertext));
            if (nonce.Length != NonceBytes || sealedText.Length < TagBytes) throw new CryptographicException("The sealed environment is cut off.");
            var text = new byte[sealedText.Length - TagBytes];
            using var cipher = new AesGcm(KeyOf(pair, sender), TagBytes);
            cipher.Decrypt(nonce, sealedText.AsSpan(0, text.Length), sealedText.AsSpan(text.Length), text, revision.ToByteArray());
            return JsonSerializer.Deserialize(text, ApiJson.Default.IReadOnlyDictionaryStringString)
                ?? throw new CryptographicException("The sealed environment is empty.");
        }
        catch (Exception hostile) when (hostile is FormatException or ArgumentException or JsonException)
        {
            throw new CryptographicException("The sealed environment is not one.", hostile);
        }
    }

    internal static SealedEnvironment Seal(string publicKey, byte[] key, IReadOnlyDictionary<string, string> environment, Guid revision)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes(environment, ApiJson.Default.IReadOnlyDictionaryStringString);
        var nonce = RandomNumberGenerator.GetBytes(NonceBytes);
        var sealedText = new byte[text.Length + TagBytes];
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(nonce, text, sealedText.AsSpan(0, text.Length), sealedText.AsSpan(text.Length), revision.ToByteArray());
        return new SealedEnvironment(publicKey, Convert.ToBase64String(nonce), Convert.ToBase64String(sealedText));
    }

    private static ECDiffieHellman Read(string publicKey)
    {
        if (publicKey.Length is 0 or > LongestPublicKey) throw new FormatException("No public key has this length.");
        var pair = ECDiffieHellman.Create();
        try
        {
            pair.ImportSubjectPublicKeyInfo(Convert.FromBase64String(publicKey), out _);
            if (pair.KeySize != 256) throw new CryptographicException("The public key is not on P-256.");
            return pair;
        }
        catch
        {
            pair.Dispose();
            throw;
        }
    }

    private static byte[] KeyOf(ECDiffieHellman own, ECDiffieHellman other)
    {
        using var theirs = other.PublicKey;
        var shared = own.DeriveRawSecretAgreement(theirs);
        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, KeyBytes, salt: null, Purpose.ToArray());
        CryptographicOperations.ZeroMemory(shared);
        return key;
    }
}

/// <summary>Seals the environments of one answer.</summary>
public sealed class EnvironmentSealer
{
    private readonly string _publicKey;
    private readonly byte[] _key;

    internal EnvironmentSealer(string publicKey, byte[] key) => (_publicKey, _key) = (publicKey, key);

    public SealedEnvironment Seal(IReadOnlyDictionary<string, string> environment, Guid revision) => EnvironmentSeal.Seal(_publicKey, _key, environment, revision);
}
