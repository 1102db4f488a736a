using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pilothouse.Control.Outgoing;

namespace Pilothouse.Control.AuthService;

/// <summary>What an authorization server says of itself (RFC 8414).</summary>
internal sealed record AuthorizationServer(
    string Issuer, string AuthorizationEndpoint, string TokenEndpoint, string? RegistrationEndpoint, string? RevocationEndpoint,
    IReadOnlyList<string>? TokenEndpointAuthMethods, IReadOnlyList<string>? CodeChallengeMethods);

/// <summary>
/// Finds the authorization server of an MCP server: the protected-resource metadata (RFC 9728) that its 401 names or that lies at the well-known
/// places; without any, the server's own origin, as the MCP revision of March 2025 had it. Then its metadata (RFC 8414), or OpenID's.
/// What does not answer and what may not be reached read the same.
/// </summary>
internal sealed partial class AuthorizationMetadata(OutgoingHttp outgoing, OutgoingAddress addresses)
{
    /// <summary>Null when no server was found.</summary>
    public async Task<AuthorizationServer?> OfMcpServerAsync(Uri mcpServer, CancellationToken cancellationToken)
    {
        foreach (var place in await ResourcePlacesAsync(mcpServer, cancellationToken))
        {
            if (await ObjectAsync(place, cancellationToken) is not { } document || !IsOf(document, mcpServer)) continue;
            foreach (var issuer in Texts(document, "authorization_servers") ?? [])
            {
                if (await OfIssuerAsync(issuer, cancellationToken) is { } found) return found;
            }
        }

        return await OfIssuerAsync(mcpServer.GetLeftPart(UriPartial.Authority), cancellationToken);
    }

    private async Task<IEnumerable<string>> ResourcePlacesAsync(Uri mcpServer, CancellationToken cancellationToken)
    {
        var origin = mcpServer.GetLeftPart(UriPartial.Authority);
        IEnumerable<string> wellKnown =
        [
            $"{origin}/.well-known/oauth-protected-resource{mcpServer.AbsolutePath.TrimEnd('/')}",
            $"{origin}/.well-known/oauth-protected-resource",
        ];
        return (await ChallengedAsync(mcpServer, cancellationToken) is { } named ? wellKnown.Prepend(named) : wellKnown).Distinct(StringComparer.Ordinal);
    }

    /// <summary>The <c>resource_metadata</c> of the 401; null when there is none.</summary>
    private async Task<string?> ChallengedAsync(Uri mcpServer, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, mcpServer);
            request.Headers.Accept.ParseAdd("application/json, text/event-stream");

            // The head alone: a server without authentication would stream events for ever.
            using var answer = await outgoing.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (answer.StatusCode != HttpStatusCode.Unauthorized) return null;
            return answer.Headers.WwwAuthenticate.Select(Named).FirstOrDefault(named => named is not null && addresses.FaultOf(named) is null);
        }
        catch (Exception away) when (IsAway(away, cancellationToken))
        {
            return null;
        }
    }

    private static string? Named(AuthenticationHeaderValue challenge) =>
        ResourceMetadata().Match(challenge.Parameter ?? "") is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>RFC 9728 wants the very URL; servers write its origin too.</summary>
    private static bool IsOf(JsonElement document, Uri mcpServer) =>
        Text(document, "resource") is { } resource
        && Uri.TryCreate(resource, UriKind.Absolute, out var url)
        && url.GetLeftPart(UriPartial.Authority).Equals(mcpServer.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal);

    private async Task<AuthorizationServer?> OfIssuerAsync(string issuer, CancellationToken cancellationToken)
    {
        if (addresses.FaultOf(issuer) is not null) return null;
        var url = new Uri(issuer);
        var origin = url.GetLeftPart(UriPartial.Authority);
        var path = url.AbsolutePath.TrimEnd('/');
        string[] places =
        [
            $"{origin}/.well-known/oauth-authorization-server{path}",
            $"{origin}/.well-known/openid-configuration{path}",
            $"{origin}{path}/.well-known/openid-configuration",
        ];
        foreach (var place in places.Distinct(StringComparer.Ordinal))
        {
            if (await ObjectAsync(place, cancellationToken) is { } document && Server(document, issuer) is { } server) return server;
        }

        return null;
    }

    /// <summary>Null for a document that names another issuer (RFC 8414, 3.3) or lacks an endpoint.</summary>
    private AuthorizationServer? Server(JsonElement document, string issuer)
    {
        if (Text(document, "issuer") is not { } named || !named.TrimEnd('/').Equals(issuer.TrimEnd('/'), StringComparison.Ordinal)) return null;
        if (Address(document, "authorization_endpoint") is not { } authorize || Address(document, "token_endpoint") is not { } token) return null;
        return new AuthorizationServer(
            named, authorize, token, Address(document, "registration_endpoint"), Address(document, "revocation_endpoint"),
            Texts(document, "token_endpoint_auth_methods_supported"), Texts(document, "code_challenge_methods_supported"));
    }

    private string? Address(JsonElement document, string name) => Text(document, name) is { } url && addresses.FaultOf(url) is null ? url : null;

    private async Task<JsonElement?> ObjectAsync(string place, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await outgoing.Client.GetAsync(place, cancellationToken);
            if (answer.StatusCode != HttpStatusCode.OK) return null;
            using var document = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellationToken));
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (Exception away) when (away is JsonException || IsAway(away, cancellationToken))
        {
            return null;
        }
    }

    private static bool IsAway(Exception exception, CancellationToken cancellationToken) =>
        exception is HttpRequestException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static string? Text(JsonElement document, string name) =>
        document.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static IReadOnlyList<string>? Texts(JsonElement document, string name) =>
        document.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)]
            : null;

    [GeneratedRegex("""resource_metadata\s*=\s*"([^"]+)""", RegexOptions.IgnoreCase)]
    private static partial Regex ResourceMetadata();
}
