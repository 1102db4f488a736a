using Duende.IdentityModel.Client;
using Pilothouse.Contracts;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Access;
using Pilothouse.Control.Outgoing;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.AuthService;

/// <summary>Makes a provider of an MCP server: finds its authorization server and registers a client there (RFC 7591).</summary>
internal sealed class DiscoverProvider(
    ProviderStore store, ProviderBodies bodies, AuthorizationMetadata metadata, OutgoingHttp outgoing, AuthSecrets secrets, TimeProvider clock)
{
    /// <param name="redirectUri">What the client is registered with.</param>
    public async Task<Outcome<OAuthProviderRow>> RunAsync(
        Caller caller, McpProviderCreate wanted, string redirectUri, CancellationToken cancellationToken)
    {
        // Before a client is registered that nobody would use.
        if (await store.FindAsync(caller.Organization, wanted.ProviderId, cancellationToken) is not null) return ProviderStore.Taken(wanted.ProviderId);

        if (await metadata.OfMcpServerAsync(new Uri(wanted.McpServerUrl), cancellationToken) is not { } server)
            return Refused(wanted, "no authorization server could be found for it");
        if (bodies.FaultOfAuthUrl(server.AuthorizationEndpoint) is { } fault) return Refused(wanted, $"the authorization endpoint of {server.Issuer} {fault}");
        if (server.CodeChallengeMethods is { } methods && !methods.Contains("S256", StringComparer.Ordinal))
            return Refused(wanted, $"its authorization server {server.Issuer} does not support PKCE with S256");
        if (server.RegistrationEndpoint is not { } registration)
            return Refused(wanted, $"its authorization server {server.Issuer} registers no clients by itself: register one there and create the provider with it");

        var client = await RegisterAsync(registration, MethodOf(server), redirectUri, cancellationToken);
        if (client is null || client.IsError || string.IsNullOrEmpty(client.ClientId)) return Refused(wanted, $"its authorization server {server.Issuer} refused to register a client");
        return await KeepAsync(caller, wanted, server, client, redirectUri, cancellationToken);
    }

    private static Rejection Refused(McpProviderCreate wanted, string why) => new(Codes.Invalid, $"MCP server {wanted.McpServerUrl} cannot be used: {why}.");

    /// <summary>RFC 8414: one that says nothing takes basic.</summary>
    private static string MethodOf(AuthorizationServer server)
    {
        if (server.TokenEndpointAuthMethods is not { } offered) return TokenEndpointAuthMethods.Basic;
        string[] preferred = [TokenEndpointAuthMethods.Post, TokenEndpointAuthMethods.Basic];
        return preferred.FirstOrDefault(method => offered.Contains(method, StringComparer.Ordinal)) ?? TokenEndpointAuthMethods.None;
    }

    private async Task<DynamicClientRegistrationResponse?> RegisterAsync(
        string address, string method, string redirectUri, CancellationToken cancellationToken)
    {
        using var request = new DynamicClientRegistrationRequest
        {
            Address = address,
            Document = new DynamicClientRegistrationDocument
            {
                ClientName = "Pilothouse",
                RedirectUris = { new Uri(redirectUri) },
                GrantTypes = { "authorization_code", "refresh_token" },
                ResponseTypes = { "code" },
                TokenEndpointAuthenticationMethod = method,
            },
        };
        try
        {
            return await outgoing.Client.RegisterClientAsync(request, cancellationToken);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<Outcome<OAuthProviderRow>> KeepAsync(
        Caller caller, McpProviderCreate wanted, AuthorizationServer server, DynamicClientRegistrationResponse client, string redirectUri,
        CancellationToken cancellationToken)
    {
        var now = clock.GetStoredNow();
        var id = TimeOrderedUuid.New();
        var secret = string.IsNullOrEmpty(client.ClientSecret) ? null : client.ClientSecret;

        // The server may have registered another method than was asked for.
        var registered = client.Json is { ValueKind: System.Text.Json.JsonValueKind.Object } json && json.TryGetProperty("token_endpoint_auth_method", out var value)
            ? value.ToString()
            : null;
        var method = TokenEndpointAuthMethods.All.Contains(registered, StringComparer.Ordinal) ? registered! : MethodOf(server);
        return await store.AddAsync(
            new OAuthProviderRow
            {
                Id = id,
                OrganizationId = caller.Organization.Value,
                ProviderId = wanted.ProviderId,
                Name = wanted.Name,
                ClientId = client.ClientId!,
                SealedFor = caller.Workspace.Value,
                Secrets = secret is null ? null : await secrets.SealClientSecretAsync(caller.Workspace.Value, id, secret, cancellationToken),
                AuthUrl = server.AuthorizationEndpoint,
                TokenUrl = server.TokenEndpoint,
                UsesPkce = true,
                McpServerUrl = wanted.McpServerUrl,
                TokenEndpointAuthMethod = secret is null ? TokenEndpointAuthMethods.None : method,
                IsDynamicClient = true,
                Issuer = server.Issuer,
                RevocationUrl = server.RevocationEndpoint,
                RedirectUri = redirectUri,
                CreatedAt = now,
                UpdatedAt = now,
            },
            cancellationToken);
    }
}
