using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Pilothouse.Control.Tests.AuthService;

/// <summary>
/// A small authorization server that keeps to the letter: codes are good once, for their client, address and PKCE verifier; clients prove
/// themselves as registered; refresh tokens rotate, and a second use is refused. Its user consents to everything.
/// </summary>
internal sealed class OAuthServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, Grant> _codes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Grant> _refreshTokens = new(StringComparer.Ordinal);
    private int _next;

    private OAuthServer(WebApplication app) => _app = app;

    private sealed record Grant(string ClientId, string RedirectUri, string? Challenge, string Scope);

    public Uri Address { get; private set; } = null!;

    public string Authorize => new Uri(Address, "/authorize").AbsoluteUri;

    public string Token => new Uri(Address, "/token").AbsoluteUri;

    /// <returns>A refresh token that was granted outside.</returns>
    public string GrantRefresh()
    {
        _refreshTokens["granted-before"] = new Grant("client", "", null, "");
        return "granted-before";
    }

    /// <summary>Secret by client; null for a public one.</summary>
    public ConcurrentDictionary<string, string?> Clients { get; } = new(StringComparer.Ordinal) { ["client"] = "s3cret/+ word", ["public"] = null };

    /// <summary>Form of each call of the token endpoint, with <c>auth</c> = how the client proved itself.</summary>
    public ConcurrentQueue<Dictionary<string, string>> TokenCalls { get; } = new();

    public ConcurrentQueue<string> Revoked { get; } = new();

    public ConcurrentQueue<JsonObject> Registrations { get; } = new();

    /// <summary>Query of each authorization.</summary>
    public ConcurrentQueue<Dictionary<string, string>> Authorizations { get; } = new();

    /// <summary>Seconds; null: it does not say.</summary>
    public int? ExpiresIn { get; set; } = 3600;

    /// <summary>What it grants whatever was asked; null: what was asked.</summary>
    public string? Granted { get; set; }

    /// <summary>The token endpoint does not answer.</summary>
    public bool IsSilent { get; set; }

    /// <summary>The token endpoint answers this instead.</summary>
    public int? Failure { get; set; }

    public static async Task<OAuthServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new OAuthServer(builder.Build());
        server._app.MapGet("/authorize", server.AuthorizeAsync);
        server._app.MapPost("/token", server.TokenAsync);
        server._app.MapPost("/revoke", server.RevokeAsync);
        server._app.MapPost("/api/auth.revoke", server.RevokeAtSlack);
        server._app.MapPost("/register", server.RegisterAsync);
        server._app.MapGet("/mcp", server.McpAsync);
        server._app.MapGet("/metadata/of/mcp", server.ProtectedResource);
        server._app.MapGet("/.well-known/oauth-authorization-server/issuer", server.Metadata);
        await server._app.StartAsync(ControlHost.Cancel);
        server.Address = new Uri(server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private string Issuer => new Uri(Address, "/issuer").AbsoluteUri;

    private Task AuthorizeAsync(HttpContext http)
    {
        var query = http.Request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.Single()!, StringComparer.Ordinal);
        Authorizations.Enqueue(query);
        if (!Clients.ContainsKey(query["client_id"]) || query["response_type"] != "code") return RefuseAsync(http, 400, "invalid_client");
        var code = $"code-{Interlocked.Increment(ref _next)}";
        _codes[code] = new Grant(
            query["client_id"], query["redirect_uri"], query.GetValueOrDefault("code_challenge"), query.GetValueOrDefault("scope") ?? "");
        var issuer = query.ContainsKey("resource") ? $"&iss={Uri.EscapeDataString(Issuer)}" : "";
        http.Response.Redirect($"{query["redirect_uri"]}?code={code}&state={Uri.EscapeDataString(query["state"])}{issuer}");
        return Task.CompletedTask;
    }

    private async Task TokenAsync(HttpContext http)
    {
        var form = (await http.Request.ReadFormAsync(http.RequestAborted)).ToDictionary(pair => pair.Key, pair => pair.Value.Single()!, StringComparer.Ordinal);
        var (client, secret) = Proof(http, form);
        TokenCalls.Enqueue(form);
        if (IsSilent) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
        if (Failure is { } status)
        {
            await RefuseAsync(http, status, "server_error");
            return;
        }

        if (client is null || !Clients.TryGetValue(client, out var expected) || secret != expected) await RefuseAsync(http, 401, "invalid_client");
        else if (Take(form, client) is { } grant) await GiveAsync(http, grant);
        else await RefuseAsync(http, 400, "invalid_grant");
    }

    private static (string? Client, string? Secret) Proof(HttpContext http, Dictionary<string, string> form)
    {
        var header = http.Request.Headers.Authorization.ToString();
        form["auth"] = header.StartsWith("Basic ", StringComparison.Ordinal) ? "basic" : form.ContainsKey("client_secret") ? "post" : "none";
        if (form["auth"] != "basic") return (form.GetValueOrDefault("client_id"), form.GetValueOrDefault("client_secret"));
        var pair = Encoding.UTF8.GetString(Convert.FromBase64String(header[6..])).Split(':', 2);
        return (Decoded(pair[0]), Decoded(pair[1]));
    }

    private static string Decoded(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private Grant? Take(Dictionary<string, string> form, string client)
    {
        if (form["grant_type"] == "refresh_token")
            return _refreshTokens.TryRemove(form["refresh_token"], out var refreshed) && refreshed.ClientId == client ? refreshed : null;
        if (!_codes.TryRemove(form["code"], out var grant) || grant.ClientId != client || grant.RedirectUri != form["redirect_uri"]) return null;
        if (grant.Challenge is null) return form.ContainsKey("code_verifier") ? null : grant;
        var challenge = form.TryGetValue("code_verifier", out var verifier) ? Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))) : null;
        return challenge == grant.Challenge ? grant : null;
    }

    private Task GiveAsync(HttpContext http, Grant grant)
    {
        var number = Interlocked.Increment(ref _next);
        _refreshTokens[$"refresh-{number}"] = grant;
        var answer = new JsonObject { ["access_token"] = $"access-{number}", ["refresh_token"] = $"refresh-{number}", ["token_type"] = "bearer" };
        if (ExpiresIn is { } seconds) answer["expires_in"] = seconds;
        answer["scope"] = Granted ?? grant.Scope;
        return SayAsync(http, 200, answer);
    }

    private async Task RevokeAsync(HttpContext http) => Revoked.Enqueue((await http.Request.ReadFormAsync(http.RequestAborted))["token"].Single()!);

    private void RevokeAtSlack(HttpContext http) => Revoked.Enqueue(http.Request.Headers.Authorization.ToString());

    private async Task RegisterAsync(HttpContext http)
    {
        Registrations.Enqueue((JsonObject)(await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted))!);
        Clients["dynamic"] = "given";
        await SayAsync(http, 201, new JsonObject
        {
            ["client_id"] = "dynamic",
            ["client_secret"] = "given",
            ["client_secret_expires_at"] = 0,
            ["token_endpoint_auth_method"] = "client_secret_basic",
        });
    }

    private Task McpAsync(HttpContext http)
    {
        http.Response.Headers.WWWAuthenticate = $"""Bearer error="invalid_token", resource_metadata="{new Uri(Address, "/metadata/of/mcp")}" """;
        return RefuseAsync(http, 401, "invalid_token");
    }

    private Task ProtectedResource(HttpContext http) => SayAsync(http, 200, new JsonObject
    {
        ["resource"] = new Uri(Address, "/mcp").AbsoluteUri,
        ["authorization_servers"] = new JsonArray(Issuer),
    });

    private Task Metadata(HttpContext http) => SayAsync(http, 200, new JsonObject
    {
        ["issuer"] = Issuer,
        ["authorization_endpoint"] = Authorize,
        ["token_endpoint"] = Token,
        ["registration_endpoint"] = new Uri(Address, "/register").AbsoluteUri,
        ["revocation_endpoint"] = new Uri(Address, "/revoke").AbsoluteUri,
        ["token_endpoint_auth_methods_supported"] = new JsonArray("client_secret_basic", "none"),
        ["code_challenge_methods_supported"] = new JsonArray("S256"),
    });

    private static Task RefuseAsync(HttpContext http, int status, string error) =>
        SayAsync(http, status, new JsonObject { ["error"] = error, ["error_description"] = "<script>alert('s3cret')</script>" });

    private static Task SayAsync(HttpContext http, int status, JsonObject body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(body.ToJsonString(JsonSerializerOptions.Web), http.RequestAborted);
    }
}
