using System.Text.RegularExpressions;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Outgoing;

namespace Pilothouse.Control.AuthService;

/// <summary>Takes and checks requests that make or change providers; ask <see cref="RequestFaults.Any"/> before using what came out.</summary>
internal sealed partial class ProviderBodies(OutgoingAddress addresses)
{
    public const int MaxSlugLength = 64;
    private const int MaxNameLength = 255;
    private const int MaxClientIdLength = 1024;
    private const int MaxSecretLength = 8192;

    /// <summary>Set by the flow itself; a fixed one in the address would be sent twice, and which counts is the provider's whim.</summary>
    private static readonly string[] s_parametersOfFlow =
    [
        "client_id", "redirect_uri", "response_type", "response_mode", "state", "scope", "code_challenge", "code_challenge_method", "request",
        "request_uri",
    ];

    public OAuthProviderCreate ReadCreate(BodyReader body) => new()
    {
        ProviderId = Slug(body),
        Name = Filled(body, "name", body.Text("name", MaxNameLength)),
        ClientId = Filled(body, "client_id", body.Text("client_id", MaxClientIdLength)),
        ClientSecret = Secret(body),
        AuthUrl = AuthUrl(body, body.Text("auth_url")),
        TokenUrl = Url(body, "token_url", body.Text("token_url")),
        UsesPkce = body.OptionalBool("uses_pkce"),
        CodeChallengeMethod = body.OptionalChoice("code_challenge_method", ["S256"]),
        ProviderType = body.OptionalChoice("provider_type", ProviderTypes.All),
        TokenEndpointAuthMethod = body.OptionalChoice("token_endpoint_auth_method", TokenEndpointAuthMethods.All),
    };

    public OAuthProviderPatch ReadPatch(BodyReader body) => new()
    {
        Name = body.OptionalText("name", MaxNameLength) is { } name ? Filled(body, "name", name) : null,
        ClientId = body.OptionalText("client_id", MaxClientIdLength) is { } client ? Filled(body, "client_id", client) : null,
        ClientSecret = Secret(body),
        AuthUrl = body.OptionalText("auth_url") is { } auth ? AuthUrl(body, auth) : null,
        TokenUrl = body.OptionalText("token_url") is { } token ? Url(body, "token_url", token) : null,
        UsesPkce = body.OptionalBool("uses_pkce"),
        CodeChallengeMethod = body.OptionalChoice("code_challenge_method", ["S256"]),
    };

    public McpProviderCreate ReadMcp(BodyReader body) => new(
        Slug(body), Filled(body, "name", body.Text("name", MaxNameLength)), Url(body, "mcp_server_url", body.Text("mcp_server_url")));

    /// <summary>Null for one that may be stored, else what is wrong with it.</summary>
    public string? FaultOfAuthUrl(string url)
    {
        if (addresses.FaultOf(url) is { } fault) return fault;
        var fixedOnes = new Uri(url).Query.TrimStart('?').Split('&').Select(pair => Uri.UnescapeDataString(pair.Split('=')[0]));
        return fixedOnes.FirstOrDefault(name => s_parametersOfFlow.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } taken
            ? $"must not fix the parameter '{taken}', which each authorization sets itself"
            : null;
    }

    private static string Slug(BodyReader body)
    {
        var slug = body.Text("provider_id", MaxSlugLength);
        if (slug.Length == 0) return Filled(body, "provider_id", slug);
        if (!SlugText().IsMatch(slug) || slug is "." or ".." or "mcp-discover")
            body.Refuse("provider_id", "should have letters, digits, '.', '_', '~' and '-' only, and be none of '.', '..' and 'mcp-discover'");
        return slug;
    }

    /// <summary>The reader answers an empty text after a fault of its own too.</summary>
    private static string Filled(BodyReader body, string field, string text)
    {
        if (string.IsNullOrWhiteSpace(text) && body.Has(field)) body.Refuse(field, "should not be empty");
        else if (text.Any(char.IsControl)) body.Refuse(field, "should not have control characters");
        return text;
    }

    private static string? Secret(BodyReader body) =>
        body.Has("client_secret") && !body.IsNull("client_secret") && body.Text("client_secret", MaxSecretLength, isSecret: true) is { Length: > 0 } secret
            ? secret
            : null;

    private string AuthUrl(BodyReader body, string url)
    {
        if (body.Has("auth_url") && FaultOfAuthUrl(url) is { } fault) body.Refuse("auth_url", fault);
        return url;
    }

    private string Url(BodyReader body, string field, string url)
    {
        if (body.Has(field) && addresses.FaultOf(url) is { } fault) body.Refuse(field, fault);
        return url;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._~-]+\z")]
    private static partial Regex SlugText();
}
