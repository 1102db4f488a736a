using System.Security.Cryptography;

namespace Pilothouse.Control.Secrets;

/// <summary>AES-256-GCM with a random nonce. Shape: one byte format (1), 12 bytes nonce, ciphertext, 16 bytes tag.</summary>
internal static class SealedBox
{
    public const int KeyBytes = 32;
    private const byte Format = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    public static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> associated)
    {
        var box = new byte[1 + NonceBytes + plain.Length + TagBytes];
        box[0] = Format;
        var nonce = box.AsSpan(1, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(nonce, plain, box.AsSpan(1 + NonceBytes, plain.Length), box.AsSpan(box.Length - TagBytes), associated);
        return box;
    }

    /// <exception cref="CryptographicException">Not sealed under this key for this purpose, or altered.</exception>
    public static byte[] Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> box, ReadOnlySpan<byte> associated)
    {
        if (box.Length < 1 + NonceBytes + TagBytes || box[0] != Format) throw new CryptographicException("Not a sealed value.");
        var plain = new byte[box.Length - 1 - NonceBytes - TagBytes];
        using var aes = new AesGcm(key, TagBytes);
        aes.Decrypt(box.Slice(1, NonceBytes), box[(1 + NonceBytes)..^TagBytes], box[^TagBytes..], plain, associated);
        return plain;
    }
}
