using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace Pilothouse.Control.Access.Oidc;

/// <summary>The issuer does not answer, or not with what an issuer has; safe to try again.</summary>
internal sealed class IssuerUnavailableException(string message, Exception? inner) : Exception(message, inner);

/// <summary>
/// The public keys of the issuer (OpenID Connect Discovery 1.0, RFC 7517). Fetched when first needed, when too old, and for a key that is not among them,
/// so that a rotation is noticed with the first token that was signed after it; strange key ids have them fetched every ten seconds at most.
/// </summary>
internal sealed class IssuerKeys(IOptions<OidcOptions> options, TimeProvider clock, ILogger<IssuerKeys> logger) : IDisposable
{
    /// <summary>Between two attempts.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);
    private const int MaxBytes = 1024 * 1024;

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        Timeout = s_limit,
        MaxResponseContentBufferSize = MaxBytes,
    };

    private readonly SemaphoreSlim _fetching = new(1, 1);
    private volatile Fetched? _known;
    private DateTimeOffset? _tried;
    private DateTimeOffset? _failed;

    /// <param name="id">Key id of the token; null when it has none.</param>
    /// <returns>The key of that id, or all for a token without; empty when there is none.</returns>
    /// <exception cref="IssuerUnavailableException">No keys are known yet, and none can be fetched.</exception>
    public async ValueTask<IReadOnlyList<SecurityKey>> FindAsync(string? id, CancellationToken cancellationToken)
    {
        if (_known is { } known && Of(known, id) is { Count: > 0 } keys && clock.GetUtcNow() - known.At < options.Value.KeysAge) return keys;
        await RefreshAsync(id, cancellationToken);
        return Of(_known!, id);
    }

    public void Dispose()
    {
        _http.Dispose();
        _fetching.Dispose();
    }

    private async Task RefreshAsync(string? id, CancellationToken cancellationToken)
    {
        // A silent issuer holds up one of those whose key is known, and not all of them.
        var isAlone = await _fetching.WaitAsync(TimeSpan.Zero, cancellationToken);
        if (!isAlone && _known is { } old && Of(old, id).Count > 0) return;
        if (!isAlone) await _fetching.WaitAsync(cancellationToken);
        try
        {
            var now = clock.GetUtcNow();
            if (_known is { } known && (now - _tried < Pause || (now - known.At < options.Value.KeysAge && Of(known, id).Count > 0))) return;

            // Of those who waited for the attempt that failed just now, each would wait for one of its own.
            if (_known is null && !isAlone && now - _failed < Pause) throw new IssuerUnavailableException($"The keys of the issuer {options.Value.Issuer} could not be fetched.", inner: null);
            _tried = now;
            _known = new Fetched(await FetchAsync(cancellationToken), now);
        }
        catch (Exception away) when (_known is not null && away is IssuerUnavailableException)
        {
            logger.IssuerKeysNotFetched(away, options.Value.Issuer!);
        }
        finally
        {
            _fetching.Release();
        }
    }

    private async Task<IReadOnlyList<JsonWebKey>> FetchAsync(CancellationToken cancellationToken)
    {
        var issuer = options.Value.Issuer!;
        try
        {
            using var about = JsonDocument.Parse(await _http.GetStringAsync(
                new Uri($"{issuer.TrimEnd('/')}/.well-known/openid-configuration"), cancellationToken));
            var named = about.RootElement.GetProperty("issuer").GetString();
            if (!string.Equals(named, issuer, StringComparison.Ordinal))
                throw new IssuerUnavailableException($"The issuer {issuer} calls itself '{named}': Access:Oidc:Issuer must be its own name, to the letter.", inner: null);
            var address = new Uri(about.RootElement.GetProperty("jwks_uri").GetString()!);
            if (!Https(address) && !(address.IsLoopback && new Uri(issuer).IsLoopback))
                throw new IssuerUnavailableException($"The issuer {issuer} has its keys at {address}, which is not https.", inner: null);
            var keys = new JsonWebKeySet(await _http.GetStringAsync(address, cancellationToken)).Keys;

            // Signatures of somebody else's alone: a shared secret (oct) would let its holders sign, and keys to encrypt with sign nothing.
            return [.. keys.Where(key => key.Kty is JsonWebAlgorithmsKeyTypes.RSA or JsonWebAlgorithmsKeyTypes.EllipticCurve && key.Use is null or "" or "sig")];
        }
        catch (Exception away) when (!cancellationToken.IsCancellationRequested && away
            is HttpRequestException or OperationCanceledException or JsonException or KeyNotFoundException or InvalidOperationException or UriFormatException
            or ArgumentException)
        {
            _failed = clock.GetUtcNow();
            throw new IssuerUnavailableException($"The keys of the issuer {issuer} cannot be fetched.", away);
        }
    }

    private static bool Https(Uri address) => string.Equals(address.Scheme, Uri.UriSchemeHttps, StringComparison.Ordinal);

    private static IReadOnlyList<SecurityKey> Of(Fetched known, string? id) =>
        string.IsNullOrEmpty(id) ? known.Keys : [.. known.Keys.Where(key => string.Equals(key.Kid, id, StringComparison.Ordinal))];

    private sealed record Fetched(IReadOnlyList<JsonWebKey> Keys, DateTimeOffset At);
}
