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

    public OAuthProviderCreate ReadCreate(BodyReader body, RequestFaults faults) => new()
    {
        ProviderId = Slug(body, faults),
        Name = body.Checked(faults, "name", () => body.Text("name", MaxNameLength), FieldChecks.FaultOfText)!,
        ClientId = body.Checked(faults, "client_id", () => body.Text("client_id", MaxClientIdLength), FieldChecks.FaultOfText)!,
        ClientSecret = Secret(body),
        AuthUrl = body.Checked(faults, "auth_url", () => body.Text("auth_url"), FaultOfAuthUrl)!,
        TokenUrl = body.Checked(faults, "token_url", () => body.Text("token_url"), addresses.FaultOf)!,
        UsesPkce = body.OptionalBool("uses_pkce"),
        CodeChallengeMethod = body.OptionalChoice("code_challenge_method", ["S256"]),
        ProviderType = body.OptionalChoice("provider_type", ProviderTypes.All),
        TokenEndpointAuthMethod = body.OptionalChoice("token_endpoint_auth_method", TokenEndpointAuthMethods.All),
    };

    public OAuthProviderPatch ReadPatch(BodyReader body, RequestFaults faults) => new()
    {
        Name = body.Checked(faults, "name", () => body.OptionalText("name", MaxNameLength), FieldChecks.FaultOfText),
        ClientId = body.Checked(faults, "client_id", () => body.OptionalText("client_id", MaxClientIdLength), FieldChecks.FaultOfText),
        ClientSecret = Secret(body),
        AuthUrl = body.Checked(faults, "auth_url", () => body.OptionalText("auth_url"), FaultOfAuthUrl),
        TokenUrl = body.Checked(faults, "token_url", () => body.OptionalText("token_url"), addresses.FaultOf),
        UsesPkce = body.OptionalBool("uses_pkce"),
        CodeChallengeMethod = body.OptionalChoice("code_challenge_method", ["S256"]),
    };

    public McpProviderCreate ReadMcp(BodyReader body, RequestFaults faults) => new(
        Slug(body, faults),
        body.Checked(faults, "name", () => body.Text("name", MaxNameLength), FieldChecks.FaultOfText)!,
        body.Checked(faults, "mcp_server_url", () => body.Text("mcp_server_url"), addresses.FaultOf)!);

    /// <summary>Null for one that may be stored, else what is wrong with it.</summary>
    public string? FaultOfAuthUrl(string url)
    {
        if (addresses.FaultOf(url) is { } fault) return fault;
        var fixedOnes = new Uri(url).Query.TrimStart('?').Split('&').Select(pair => Uri.UnescapeDataString(pair.Split('=')[0]));
        return fixedOnes.FirstOrDefault(name => s_parametersOfFlow.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } taken
            ? $"must not fix the parameter '{taken}', which each authorization sets itself"
            : null;
    }

    private static string Slug(BodyReader body, RequestFaults faults) => body.Checked(
        faults,
        "provider_id",
        () => body.Text("provider_id", MaxSlugLength),
        slug => !SlugText().IsMatch(slug) || slug is "." or ".." or "mcp-discover"
            ? "should have letters, digits, '.', '_', '~' and '-' only, one at least, and be none of '.', '..' and 'mcp-discover'"
            : null)!;

    private static string? Secret(BodyReader body) =>
        body.Has("client_secret") && !body.IsNull("client_secret") && body.Text("client_secret", MaxSecretLength, isSecret: true) is { Length: > 0 } secret
            ? secret
            : null;

    [GeneratedRegex(@"\A[A-Za-z0-9._~-]+\z")]
    private static partial Regex SlugText();
}
