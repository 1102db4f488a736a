using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Pilothouse.Control.Secrets;
using Pilothouse.Core;

namespace Pilothouse.Control.Idempotency;

/// <summary>An answer as it goes out again.</summary>
internal sealed record KeptAnswer(IReadOnlyDictionary<string, string> Headers, byte[] Body);

/// <summary>
/// Seals answers under the workspace's data key, whatever is in them: some carry a key or a token that is shown only once. Workspace, caller and key
/// are bound in, so that a row copied elsewhere does not open.
/// </summary>
internal sealed partial class KeptAnswers(DataKeys keys)
{
    private static readonly string[] s_headers = ["Content-Type", "ETag", "Location", "Link", "Preference-Applied"];

    /// <summary>Keyed, so that whoever reads the store cannot try out what secrets a body held.</summary>
    public async Task<byte[]> FingerprintAsync(RequestKey key, HttpRequest request, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var dataKey = await keys.OfAsync(new WorkspaceId(key.Workspace), cancellationToken);
        using var hmac = IncrementalHash.CreateHMAC(
            HashAlgorithmName.SHA256, HMACSHA256.HashData(dataKey, Encoding.UTF8.GetBytes($"pilothouse requests {key.Workspace}")));
        hmac.AppendData(Encoding.UTF8.GetBytes($"{request.Method}\n{request.Path}\n{request.QueryString}\n"));
        hmac.AppendData(body.Span);
        return hmac.GetHashAndReset();
    }

    public static KeptAnswer Of(HttpResponse response, byte[] body) => new(
        s_headers
            .Where(name => response.Headers.ContainsKey(name))
            .ToDictionary(name => name, name => response.Headers[name].ToString(), StringComparer.OrdinalIgnoreCase),
        body);

    public async Task<byte[]> SealAsync(RequestKey key, KeptAnswer answer, CancellationToken cancellationToken)
    {
        var plain = JsonSerializer.SerializeToUtf8Bytes(answer, Shapes.Default.KeptAnswer);
        try
        {
            return SealedBox.Seal(await keys.OfAsync(new WorkspaceId(key.Workspace), cancellationToken), plain, Purpose(key));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    public async Task<KeptAnswer> OpenAsync(RequestKey key, byte[] sealedAnswer, CancellationToken cancellationToken)
    {
        var plain = SealedBox.Open(await keys.OfAsync(new WorkspaceId(key.Workspace), cancellationToken), sealedAnswer, Purpose(key));
        try
        {
            return JsonSerializer.Deserialize(plain, Shapes.Default.KeptAnswer)!;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    private static byte[] Purpose(RequestKey key) => Encoding.UTF8.GetBytes($"pilothouse answers {key.Workspace} {key.Subject} {key.Text}");

    [JsonSerializable(typeof(KeptAnswer))]
    private sealed partial class Shapes : JsonSerializerContext;
}
