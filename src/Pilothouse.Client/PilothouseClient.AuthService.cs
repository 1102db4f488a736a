using Pilothouse.Contracts;
using Pilothouse.Contracts.AuthService;

namespace Pilothouse.Client;

/// <summary>Agent authentication: providers, tokens, connections and consents.</summary>
public sealed partial class PilothouseClient
{
    /// <summary>Of the organization, oldest first.</summary>
    public Task<IReadOnlyList<OAuthProvider>> ListOAuthProvidersAsync(CancellationToken cancellationToken = default) =>
        GetAsync("v2/auth/providers", ApiJson.Default.IReadOnlyListOAuthProvider, cancellationToken);

    /// <summary>Makes a provider; 409 when the organization has one of that id.</summary>
    public Task<OAuthProvider> CreateOAuthProviderAsync(OAuthProviderCreate wanted, CancellationToken cancellationToken = default) => SendAsync(
        HttpMethod.Post, "v2/auth/providers", wanted, ApiJson.Default.OAuthProviderCreate, ApiJson.Default.OAuthProvider, cancellationToken);

    /// <summary>Makes a provider of an MCP server; 400 when no authorization server is found for it that registers clients.</summary>
    public Task<OAuthProvider> DiscoverOAuthProviderAsync(McpProviderCreate wanted, CancellationToken cancellationToken = default) => SendAsync(
        HttpMethod.Post, "v2/auth/providers/mcp-discover", wanted, ApiJson.Default.McpProviderCreate, ApiJson.Default.OAuthProvider, cancellationToken);

    /// <param name="provider">Its <c>provider_id</c>.</param>
    public Task<OAuthProvider> GetOAuthProviderAsync(string provider, CancellationToken cancellationToken = default) =>
        GetAsync(ProviderPath(provider), ApiJson.Default.OAuthProvider, cancellationToken);

    /// <param name="provider">Its <c>provider_id</c>.</param>
    public Task<OAuthProvider> PatchOAuthProviderAsync(string provider, OAuthProviderPatch patch, CancellationToken cancellationToken = default) => SendAsync(
        HttpMethod.Patch, ProviderPath(provider), patch, ApiJson.Default.OAuthProviderPatch, ApiJson.Default.OAuthProvider, cancellationToken);

    /// <summary>With all its tokens and connections.</summary>
    /// <param name="provider">Its <c>provider_id</c>.</param>
    public Task<ProviderMessage> DeleteOAuthProviderAsync(string provider, CancellationToken cancellationToken = default) =>
        SendAsync<object, ProviderMessage>(HttpMethod.Delete, ProviderPath(provider), null, null, ApiJson.Default.ProviderMessage, cancellationToken);

    /// <summary>The caller's own, newest first.</summary>
    /// <param name="provider">A <c>provider_id</c>; null: of all.</param>
    public Task<IReadOnlyList<OAuthToken>> ListOAuthTokensAsync(string? provider = null, CancellationToken cancellationToken = default) => GetAsync(
        provider is null ? "v2/auth/tokens" : $"v2/auth/tokens?provider_id={Uri.EscapeDataString(provider)}",
        ApiJson.Default.IReadOnlyListOAuthToken, cancellationToken);

    /// <summary>Keeps a token that was obtained elsewhere as the caller's own.</summary>
    public async Task<Guid> ImportOAuthTokenAsync(OAuthTokenImport import, CancellationToken cancellationToken = default) =>
        (await SendAsync(HttpMethod.Post, "v2/auth/tokens/import", import, ApiJson.Default.OAuthTokenImport, ApiJson.Default.ImportedToken, cancellationToken)
            .ConfigureAwait(false)).TokenId;

    public Task<OAuthToken> PatchOAuthTokenAsync(Guid token, OAuthTokenPatch patch, CancellationToken cancellationToken = default) => SendAsync(
        HttpMethod.Patch, $"v2/auth/tokens/{token}/metadata", patch, ApiJson.Default.OAuthTokenPatch, ApiJson.Default.OAuthToken, cancellationToken);

    /// <summary>Revokes it at its provider, where that has a way to, and forgets it.</summary>
    public Task DeleteOAuthTokenAsync(Guid token, CancellationToken cancellationToken = default) =>
        SendAsync<object, object>(HttpMethod.Delete, $"v2/auth/tokens/{token}", null, null, null, cancellationToken);

    /// <summary>All of the caller's own for a provider.</summary>
    public Task<ProviderMessage> DeleteOAuthTokensAsync(string provider, CancellationToken cancellationToken = default) => SendAsync<object, ProviderMessage>(
        HttpMethod.Delete, $"v2/auth/tokens?provider_id={Uri.EscapeDataString(provider)}", null, null, ApiJson.Default.ProviderMessage, cancellationToken);

    /// <summary>Which of these providers the caller has tokens for.</summary>
    public async Task<IReadOnlyDictionary<string, bool>> HasOAuthTokensAsync(IReadOnlyList<string> providers, CancellationToken cancellationToken = default) =>
        (await SendAsync(
            HttpMethod.Post, "v2/auth/tokens/exists/batch", new TokenStatusesQuery(providers), ApiJson.Default.TokenStatusesQuery, ApiJson.Default.TokenStatuses,
            cancellationToken).ConfigureAwait(false)).HasToken;

    /// <summary>Anybody in the workspace has a token for Slack.</summary>
    public async Task<bool> HasSlackTokensAsync(CancellationToken cancellationToken = default) =>
        (await GetAsync("v2/auth/tokens/workspace/slack/exists", ApiJson.Default.TokenStatus, cancellationToken).ConfigureAwait(false)).HasToken;

    /// <summary>Everybody's in the workspace, for Slack; for administrators.</summary>
    public Task<ProviderMessage> DeleteSlackTokensAsync(CancellationToken cancellationToken = default) => SendAsync<object, ProviderMessage>(
        HttpMethod.Delete, "v2/auth/tokens/workspace/slack", null, null, ApiJson.Default.ProviderMessage, cancellationToken);

    public async Task<IReadOnlyList<AgentConnection>> ListAgentConnectionsAsync(string agent, CancellationToken cancellationToken = default) =>
        (await GetAsync($"{AgentPath(agent)}/connections", ApiJson.Default.AgentConnectionsList, cancellationToken).ConfigureAwait(false)).Data;

    /// <summary>Binds one of the caller's own tokens to an agent, in place of what it had for that provider.</summary>
    public Task<AgentConnection> CreateAgentConnectionAsync(string agent, Guid token, CancellationToken cancellationToken = default) => SendAsync(
        HttpMethod.Post, $"{AgentPath(agent)}/connections", new AgentConnectionCreate(token), ApiJson.Default.AgentConnectionCreate,
        ApiJson.Default.AgentConnection, cancellationToken);

    public Task DeleteAgentConnectionAsync(string agent, Guid connection, CancellationToken cancellationToken = default) =>
        SendAsync<object, object>(HttpMethod.Delete, $"{AgentPath(agent)}/connections/{connection}", null, null, null, cancellationToken);

    /// <summary>Keeps a token as the agent's own and binds it.</summary>
    public Task<AgentConnection> SetAgentTokenAsync(string agent, string provider, OAuthTokenImport import, CancellationToken cancellationToken = default) =>
        SendAsync(
            HttpMethod.Post, $"{AgentPath(agent)}/providers/{Uri.EscapeDataString(provider)}/tokens", import, ApiJson.Default.OAuthTokenImport,
            ApiJson.Default.AgentConnection, cancellationToken);

    /// <summary>A token, or where the user consents.</summary>
    public Task<AuthenticateAnswer> AuthenticateAsync(AuthenticateRequest request, CancellationToken cancellationToken = default) => SendAsync(
        HttpMethod.Post, "v2/auth/authenticate", request, ApiJson.Default.AuthenticateRequest, ApiJson.Default.AuthenticateAnswer, cancellationToken);

    /// <summary>Held until the user has consented; <see cref="AuthStatuses.Timeout"/> after <paramref name="limit"/>.</summary>
    /// <param name="authId">Of a pending <see cref="AuthenticateAnswer"/>.</param>
    /// <param name="limit">In whole seconds; the answer may take a call limit more.</param>
    public async Task<WaitAnswer> WaitForConsentAsync(string authId, TimeSpan limit, CancellationToken cancellationToken = default)
    {
        var path = $"v2/auth/wait/{Uri.EscapeDataString(authId)}?timeout={(int)Math.Ceiling(limit.TotalSeconds)}";
        using var answer = await AnswerAsync(
            () => new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative)), _callLimit + limit, mayRepeat: () => true, cancellationToken)
            .ConfigureAwait(false);
        return await ReadAsync(answer, "GET", path, ApiJson.Default.WaitAnswer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends a consent that came back to a page of one's own; the same caller as who started it.</summary>
    public Task<FinalizedAnswer> FinishConsentAsync(string provider, FinalizeRequest returned, CancellationToken cancellationToken = default) => SendAsync(
        HttpMethod.Post, $"v2/auth/callback/{Uri.EscapeDataString(provider)}", returned, ApiJson.Default.FinalizeRequest, ApiJson.Default.FinalizedAnswer,
        cancellationToken);

    private static string ProviderPath(string provider) => $"v2/auth/providers/{Uri.EscapeDataString(provider)}";

    private static string AgentPath(string agent) => $"v2/auth/agents/{Uri.EscapeDataString(agent)}";
}
