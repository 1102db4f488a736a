using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Duende.IdentityModel.Client;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Outgoing;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.AuthService;

/// <summary>What a token endpoint said.</summary>
internal abstract record TokenGrant
{
    /// <param name="ExpiresIn">Null: it does not say.</param>
    /// <param name="Scopes">Null: as asked (RFC 6749, 5.1).</param>
    public sealed record Granted(TokenPair Tokens, TimeSpan? ExpiresIn, IReadOnlyList<string>? Scopes, string? Label) : TokenGrant;

    /// <param name="Error">A word of RFC 6749, 5.2, e.g. <c>invalid_grant</c>.</param>
    public sealed record Refused(string Error) : TokenGrant;

    /// <summary>No answer, or none that makes sense; it may be another time.</summary>
    public sealed record Unavailable : TokenGrant;
}

/// <summary>The calls to a provider that carry secrets.</summary>
internal sealed partial class TokenEndpoint(OutgoingHttp outgoing, AuthSecrets secrets)
{
    private const int MaxTokenLength = 64 * 1024;

    /// <param name="tokenUrl">Of the consent that the code is from.</param>
    /// <param name="verifier">PKCE; null without.</param>
    public async Task<TokenGrant> ExchangeAsync(
        OAuthProviderRow provider, string tokenUrl, string code, string redirectUri, string? verifier, CancellationToken cancellationToken)
    {
        using var request = await ReadyAsync(
            new AuthorizationCodeTokenRequest { Address = tokenUrl, Code = code, RedirectUri = redirectUri, CodeVerifier = verifier }, provider, cancellationToken);
        return await InTimeAsync(outgoing.Client.RequestAuthorizationCodeTokenAsync(request, cancellationToken), cancellationToken) is { } answer
            ? Read(answer, provider)
            : new TokenGrant.Unavailable();
    }

    public async Task<TokenGrant> RefreshAsync(OAuthProviderRow provider, string refreshToken, CancellationToken cancellationToken)
    {
        using var request = await ReadyAsync(
            new RefreshTokenRequest { Address = provider.TokenUrl, RefreshToken = refreshToken }, provider, cancellationToken);
        return await InTimeAsync(outgoing.Client.RequestRefreshTokenAsync(request, cancellationToken), cancellationToken) is { } answer
            ? Read(answer, provider)
            : new TokenGrant.Unavailable();
    }

    /// <returns>False when the provider did not confirm it; true also where it has no way to revoke.</returns>
    public async Task<bool> RevokeAsync(OAuthProviderRow provider, TokenPair tokens, CancellationToken cancellationToken)
    {
        if (provider.ProviderType is ProviderTypes.Slack) return await RevokeAtSlackAsync(provider, tokens, cancellationToken);
        if (provider.RevocationUrl is not { } address) return true;
        using var request = await ReadyAsync(
            new TokenRevocationRequest
            {
                Address = address,
                Token = tokens.Refresh ?? tokens.Access,
                TokenTypeHint = tokens.Refresh is null ? "access_token" : "refresh_token",
            },
            provider, cancellationToken);
        return await InTimeAsync(outgoing.Client.RevokeTokenAsync(request, cancellationToken), cancellationToken) is { IsError: false };
    }

    /// <summary>Null when the time limit of outgoing calls has passed.</summary>
    private static async Task<T?> InTimeAsync<T>(Task<T> call, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await call;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Slack has a method of its API for it, on the host of its token endpoint.</summary>
    private async Task<bool> RevokeAtSlackAsync(OAuthProviderRow provider, TokenPair tokens, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(provider.TokenUrl), "/api/auth.revoke"));
        request.Headers.Authorization = new("Bearer", tokens.Access);
        try
        {
            using var answer = await outgoing.Client.SendAsync(request, cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception away) when (away is HttpRequestException || (away is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    private async Task<T> ReadyAsync<T>(T request, OAuthProviderRow provider, CancellationToken cancellationToken)
        where T : ProtocolRequest
    {
        request.ClientId = provider.ClientId;
        request.ClientCredentialStyle = ClientCredentialStyle.PostBody;
        if (provider.McpServerUrl is { } resource && request is TokenRequest) request.Parameters.Add("resource", resource);
        if (provider.TokenEndpointAuthMethod is TokenEndpointAuthMethods.None || provider.Secrets is not { } sealedSecret) return request;
        request.ClientSecret = await secrets.OpenClientSecretAsync(provider.SealedFor, provider.Id, sealedSecret, cancellationToken);
        if (provider.TokenEndpointAuthMethod is TokenEndpointAuthMethods.Basic) request.ClientCredentialStyle = ClientCredentialStyle.AuthorizationHeader;
        return request;
    }

    private static TokenGrant Read(TokenResponse answer, OAuthProviderRow provider)
    {
        if (answer.Exception is not null || answer.HttpStatusCode >= HttpStatusCode.InternalServerError || answer.HttpStatusCode == HttpStatusCode.TooManyRequests)
            return new TokenGrant.Unavailable();
        if (answer.Json is not { ValueKind: JsonValueKind.Object } body) return new TokenGrant.Unavailable();
        if (answer.IsError) return new TokenGrant.Refused(Text(body, "error") is { } error && ErrorWord().IsMatch(error) ? error : "invalid_request");

        // Slack puts the token of a user below the workspace's own, which may be absent.
        var at = provider.ProviderType is ProviderTypes.Slack && Text(body, "access_token") is null
            && body.TryGetProperty("authed_user", out var user) && user.ValueKind == JsonValueKind.Object ? user : body;
        if (Text(at, "access_token") is not { Length: > 0 and <= MaxTokenLength } access) return new TokenGrant.Unavailable();
        return new TokenGrant.Granted(
            new TokenPair(access, Text(at, "refresh_token") is { Length: > 0 and <= MaxTokenLength } refresh ? refresh : null),
            Seconds(at) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Text(at, "scope") is { Length: > 0 } scope ? ScopeSet.FromWire(scope) : null,
            provider.ProviderType is ProviderTypes.Slack && body.TryGetProperty("team", out var team) ? Text(team, "name") : null);
    }

    private static string? Text(JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A number, which some providers write as text; bounded to ten years.</summary>
    private static double? Seconds(JsonElement body)
    {
        if (!body.TryGetProperty("expires_in", out var value)) return null;
        var isNumber = double.TryParse(
            value.ToString(), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var seconds);
        return isNumber && seconds > 0 ? Math.Min(seconds, TimeSpan.FromDays(3650).TotalSeconds) : null;
    }

    [GeneratedRegex(@"\A[a-z_]{1,64}\z")]
    private static partial Regex ErrorWord();
}
