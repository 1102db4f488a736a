using Pilothouse.Contracts.AuthService;
using Xunit;

namespace Pilothouse.Client.Tests;

public sealed class AuthServiceTests
{
    private const string Provider = """
        {"id":"019a0000-0000-7000-8000-000000000001","organization_id":"019a0000-0000-7000-8000-000000000002","provider_id":"git","name":"Git",
         "client_id":"c","auth_url":"https://a/","token_url":"https://t/","uses_pkce":false,"code_challenge_method":null,"provider_type":null,
         "mcp_server_url":null,"token_endpoint_auth_method":"none","is_dynamic_client":false,"created_at":"2026-01-01T00:00:00Z",
         "updated_at":"2026-01-01T00:00:00Z","new_field":1}
        """;

    private const string Connection = """
        {"id":"019a0000-0000-7000-8000-000000000003","agent_id":"a","oauth_token_id":"019a0000-0000-7000-8000-000000000004","provider_id":"git",
         "provider_account_label":null,"scopes":["read"],"expires_at":null,"created_by":"x","created_at":"2026-01-01T00:00:00Z"}
        """;

    private static readonly Guid s_id = Guid.Parse("019a0000-0000-7000-8000-000000000004");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_operation_has_its_verb_path_and_answer()
    {
        await using var server = await StubServer.StartAsync((context, _) => StubServer.SayAsync(context, 200, context.Request.Path.Value switch
        {
            "/v2/auth/providers" when context.Request.Method == "GET" => $"[{Provider}]",
            "/v2/auth/providers" or "/v2/auth/providers/mcp-discover" => Provider,
            "/v2/auth/providers/git" when context.Request.Method != "DELETE" => Provider,
            "/v2/auth/tokens" when context.Request.Method == "GET" => "[]",
            "/v2/auth/tokens/import" => $$"""{"token_id":"{{s_id}}"}""",
            "/v2/auth/tokens/exists/batch" => """{"has_token":{"git":true}}""",
            "/v2/auth/tokens/workspace/slack/exists" => """{"has_token":true}""",
            "/v2/auth/agents/a b/connections" when context.Request.Method == "GET" => $$"""{"data":[{{Connection}}]}""",
            "/v2/auth/agents/a b/connections" or "/v2/auth/agents/a b/providers/git/tokens" => Connection,
            "/v2/auth/authenticate" => """{"status":"pending","url":"https://a/","auth_id":"i","token":null,"user_id":null,"metadata":null}""",
            "/v2/auth/wait/i" => """{"status":"completed","token":"t"}""",
            "/v2/auth/callback/git" => """{"status":"completed","provider_id":"git"}""",
            _ => """{"message":"done","provider_id":"git"}""",
        }));
        using var client = server.Client();

        Assert.Equal("git", (await client.ListOAuthProvidersAsync(Cancel)).Single().ProviderId);
        await client.CreateOAuthProviderAsync(
            new OAuthProviderCreate { ProviderId = "git", Name = "Git", ClientId = "c", AuthUrl = "https://a/", TokenUrl = "https://t/" }, Cancel);
        await client.DiscoverOAuthProviderAsync(new McpProviderCreate("git", "Git", "https://m/"), Cancel);
        await client.GetOAuthProviderAsync("git", Cancel);
        await client.PatchOAuthProviderAsync("git", new OAuthProviderPatch { Name = "New" }, Cancel);
        Assert.Equal("git", (await client.DeleteOAuthProviderAsync("git", Cancel)).ProviderId);
        Assert.Empty(await client.ListOAuthTokensAsync("git", Cancel));
        Assert.Equal(s_id, await client.ImportOAuthTokenAsync(new OAuthTokenImport { ProviderId = "git", AccessToken = "t" }, Cancel));
        await client.DeleteOAuthTokenAsync(s_id, Cancel);
        await client.DeleteOAuthTokensAsync("git", Cancel);
        Assert.True((await client.HasOAuthTokensAsync(["git"], Cancel))["git"]);
        Assert.True(await client.HasSlackTokensAsync(Cancel));
        await client.DeleteSlackTokensAsync(Cancel);
        Assert.Equal(s_id, (await client.ListAgentConnectionsAsync("a b", Cancel)).Single().OauthTokenId);
        await client.CreateAgentConnectionAsync("a b", s_id, Cancel);
        await client.DeleteAgentConnectionAsync("a b", s_id, Cancel);
        await client.SetAgentTokenAsync("a b", "git", new OAuthTokenImport { AccessToken = "t" }, Cancel);
        Assert.Equal(AuthStatuses.Pending, (await client.AuthenticateAsync(new AuthenticateRequest { Provider = "git", Scopes = [] }, Cancel)).Status);
        Assert.Equal("t", (await client.WaitForConsentAsync("i", TimeSpan.FromMinutes(5), Cancel)).Token);
        Assert.Equal("git", (await client.FinishConsentAsync("git", new FinalizeRequest("c", "s"), Cancel)).ProviderId);

        Assert.Equal(
            [
                "GET /v2/auth/providers", "POST /v2/auth/providers", "POST /v2/auth/providers/mcp-discover", "GET /v2/auth/providers/git",
                "PATCH /v2/auth/providers/git", "DELETE /v2/auth/providers/git", "GET /v2/auth/tokens?provider_id=git", "POST /v2/auth/tokens/import",
                $"DELETE /v2/auth/tokens/{s_id}", "DELETE /v2/auth/tokens?provider_id=git", "POST /v2/auth/tokens/exists/batch",
                "GET /v2/auth/tokens/workspace/slack/exists", "DELETE /v2/auth/tokens/workspace/slack", "GET /v2/auth/agents/a%20b/connections",
                "POST /v2/auth/agents/a%20b/connections", $"DELETE /v2/auth/agents/a%20b/connections/{s_id}",
                "POST /v2/auth/agents/a%20b/providers/git/tokens", "POST /v2/auth/authenticate", "GET /v2/auth/wait/i?timeout=300",
                "POST /v2/auth/callback/git",
            ],
            server.Requests);
    }

    [Fact]
    public async Task Import_that_was_not_answered_is_not_sent_again()
    {
        await using var server = await StubServer.StartAsync((context, _) => StubServer.SayAsync(context, 503, """{"detail":"Away"}"""));
        using var client = server.Client();

        await Assert.ThrowsAsync<ApiException>(() => client.ImportOAuthTokenAsync(new OAuthTokenImport { ProviderId = "git", AccessToken = "t" }, Cancel));

        Assert.Single(server.Requests);
    }
}
