using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pilothouse.Core;

namespace Pilothouse.Control.Secrets;

/// <summary>
/// Seals a set of named values under its workspace's data key. Shape: one byte format (1), 12 bytes nonce, AES-256-GCM ciphertext of a JSON
/// object, 16 bytes tag; the workspace is bound in as associated data, so that a row copied to another workspace does not open.
/// </summary>
internal sealed partial class SecretVault(DataKeys keys)
{
    public async Task<byte[]> SealAsync(
        WorkspaceId workspace, IReadOnlyDictionary<string, string> values, CancellationToken cancellationToken)
    {
        var key = await keys.OfAsync(workspace, cancellationToken);
        var plain = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string>(values, StringComparer.Ordinal), Values.Default.DictionaryStringString);
        try
        {
            return SealedBox.Seal(key, plain, Purpose(workspace));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <exception cref="CryptographicException">Altered, or sealed for another workspace.</exception>
    public async Task<IReadOnlyDictionary<string, string>> OpenAsync(
        WorkspaceId workspace, byte[] sealedValues, CancellationToken cancellationToken)
    {
        var key = await keys.OfAsync(workspace, cancellationToken);
        var plain = SealedBox.Open(key, sealedValues, Purpose(workspace));
        try
        {
            return JsonSerializer.Deserialize(plain, Values.Default.DictionaryStringString)!;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    private static byte[] Purpose(WorkspaceId workspace) => Encoding.UTF8.GetBytes($"pilothouse secrets {workspace}");

    [JsonSerializable(typeof(Dictionary<string, string>))]
    private sealed partial class Values : JsonSerializerContext;
}
