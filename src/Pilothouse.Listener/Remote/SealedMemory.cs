using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Listener.Pulling;

namespace Pilothouse.Listener.Remote;

/// <summary>
/// What is wanted holds secrets, so it lies encrypted (AES-256-GCM) in <c>wanted.sealed</c>, under a key that follows from the listener's: a stolen disk
/// tells nothing where the operator keeps that elsewhere. After an exchange of the key it cannot be read until the control plane is heard again.
/// </summary>
internal sealed class SealedMemory(IOptions<ListenerOptions> options, ListenerKey key, ILogger<SealedMemory> logger) : IWantedMemory
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private static ReadOnlySpan<byte> Purpose => "pilothouse listener memory 1"u8;

    private string Path => System.IO.Path.Combine(System.IO.Path.GetFullPath(options.Value.DataDirectory), "wanted.sealed");

    public PullAnswer? Recall()
    {
        try
        {
            var kept = File.ReadAllBytes(Path);
            if (kept.Length < NonceBytes + TagBytes) return null;
            var text = new byte[kept.Length - NonceBytes - TagBytes];
            using var cipher = Cipher();
            cipher.Decrypt(kept.AsSpan(0, NonceBytes), kept.AsSpan(NonceBytes + TagBytes), kept.AsSpan(NonceBytes, TagBytes), text);
            return JsonSerializer.Deserialize(text, ApiJson.Default.PullAnswer);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or JsonException)
        {
            logger.MemoryUnreadable(unreadable);
            return null;
        }
    }

    public void Keep(PullAnswer everything)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes(everything, ApiJson.Default.PullAnswer);
        var kept = new byte[NonceBytes + TagBytes + text.Length];
        RandomNumberGenerator.Fill(kept.AsSpan(0, NonceBytes));
        using var cipher = Cipher();
        cipher.Encrypt(kept.AsSpan(0, NonceBytes), text, kept.AsSpan(NonceBytes + TagBytes), kept.AsSpan(NonceBytes, TagBytes));
        PrivateFile.Write(Path, kept);
    }

    public void Forget() => File.Delete(Path);

    private AesGcm Cipher() => new(HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(key.Text), 32, salt: null, Purpose.ToArray()), TagBytes);
}
