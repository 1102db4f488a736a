using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Pilothouse.Contracts;
using Pilothouse.Core;

namespace Pilothouse.Control.Access.Oidc;

/// <summary>Tokens of users (RFC 7519), signed by the configured issuer with a key pair.</summary>
internal sealed class UserTokens(IssuerKeys keys, TokenUsers users, IOptions<OidcOptions> options, TimeProvider clock, ILogger<UserTokens> logger)
{
    /// <summary>How far the issuer's clock and ours may be apart.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(60);

    private const int MaxLength = 16 * 1024;

    private static readonly string[] s_algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
    ];

    private static readonly JsonWebTokenHandler s_handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = MaxLength };

    /// <summary>It has the form of a token (a JSON object in Base64, and two dots), and tokens are taken at all.</summary>
    public bool Takes(string text) =>
        !string.IsNullOrEmpty(options.Value.Issuer) && text.StartsWith("ey", StringComparison.Ordinal) && text.Count(letter => letter == '.') == 2;

    /// <summary>401 for a bad token, 403 for a good one of nobody who is known here, 503 when the issuer's keys cannot be had.</summary>
    public async ValueTask<Outcome<Credential>> FindAsync(string text, CancellationToken cancellationToken)
    {
        if (text.Length > MaxLength || !s_handler.CanReadToken(text)) return Bad("it is none");
        JsonWebToken token;
        try
        {
            token = s_handler.ReadJsonWebToken(text);
        }
        catch (ArgumentException)
        {
            return Bad("it is none");
        }

        if (!s_algorithms.Contains(token.Alg, StringComparer.Ordinal)) return Bad("its signature is not RS, PS or ES");
        IReadOnlyList<SecurityKey> candidates;
        try
        {
            candidates = await keys.FindAsync(token.Kid, cancellationToken);
        }
        catch (IssuerUnavailableException away)
        {
            logger.IssuerKeysNotFetched(away, options.Value.Issuer!);
            return new Rejection(Codes.Unavailable, "The issuer of tokens does not answer, so that this one cannot be checked: try again.");
        }

        if (candidates.Count == 0) return Bad("its issuer has no such key");
        var result = await s_handler.ValidateTokenAsync(token, Rules(candidates));
        if (!result.IsValid) return Bad(Why(result.Exception));
        return token.TryGetPayloadValue<string>(options.Value.SubjectClaim, out var subject) && subject is { Length: > 0 and <= 255 }
            ? await users.FindAsync(options.Value.Issuer!, subject, token, cancellationToken)
            : Bad($"it has no '{options.Value.SubjectClaim}'");
    }

    private TokenValidationParameters Rules(IReadOnlyList<SecurityKey> candidates) => new()
    {
        ValidIssuer = options.Value.Issuer,
        ValidAudience = options.Value.Audience,
        ValidAlgorithms = s_algorithms,
        IssuerSigningKeys = candidates,
        RequireSignedTokens = true,
        RequireExpirationTime = true,
        LifetimeValidator = (from, until, _, _) =>
            until is { } end && end > clock.GetUtcNow().UtcDateTime - ClockSkew && !(from > clock.GetUtcNow().UtcDateTime + ClockSkew),
    };

    private static string Why(Exception? fault) => fault switch
    {
        SecurityTokenInvalidLifetimeException or SecurityTokenExpiredException or SecurityTokenNoExpirationException => "it has expired, or is not valid yet",
        SecurityTokenInvalidAudienceException => "it is meant for somebody else",
        SecurityTokenInvalidIssuerException => "it is of another issuer",
        _ => "its signature does not fit",
    };

    private static Rejection Bad(string why) => new(Codes.Unauthenticated, $"Invalid bearer token: {why}.");
}
