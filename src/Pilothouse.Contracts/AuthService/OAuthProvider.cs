namespace Pilothouse.Contracts.AuthService;

/// <summary>Somebody who gives out tokens, as the API answers it (contract schema <c>OAuthProviderResponse</c>); its client secret is never answered.</summary>
public sealed record OAuthProvider
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }

    /// <summary>Chosen by its maker, unique within the organization; letters, digits and <c>. _ ~ -</c>, at most 64.</summary>
    public required string ProviderId { get; init; }

    public required string Name { get; init; }
    public required string ClientId { get; init; }

    /// <summary>Authorization endpoint, where users are sent.</summary>
    public required string AuthUrl { get; init; }

    /// <summary>Token endpoint, which the control plane calls.</summary>
    public required string TokenUrl { get; init; }

    public required bool UsesPkce { get; init; }

    /// <summary><c>S256</c>.</summary>
    public required string? CodeChallengeMethod { get; init; }

    /// <summary><c>microsoft salesforce slack</c>, or null.</summary>
    public string? ProviderType { get; init; }

    /// <summary>The MCP server that it was discovered from.</summary>
    public string? McpServerUrl { get; init; }

    /// <summary><c>none client_secret_basic client_secret_post</c>.</summary>
    public string TokenEndpointAuthMethod { get; init; } = TokenEndpointAuthMethods.Post;

    /// <summary>The client was registered by the control plane itself (RFC 7591).</summary>
    public bool IsDynamicClient { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>Contract schema <c>OAuthProviderCreateRequest</c>.</summary>
public sealed record OAuthProviderCreate
{
    public required string ProviderId { get; init; }
    public required string Name { get; init; }
    public required string ClientId { get; init; }

    /// <summary>Null for a public client, which proves itself by PKCE alone.</summary>
    public string? ClientSecret { get; init; }

    public required string AuthUrl { get; init; }
    public required string TokenUrl { get; init; }

    /// <summary>False leaves PKCE out, for providers that cannot bear it; null sends it.</summary>
    public bool? UsesPkce { get; init; }

    public string? CodeChallengeMethod { get; init; }
    public string? ProviderType { get; init; }
    public string? TokenEndpointAuthMethod { get; init; }
}

/// <summary>Contract schema <c>OAuthProviderUpdateRequest</c>; null leaves a field as it is.</summary>
public sealed record OAuthProviderPatch
{
    public string? Name { get; init; }
    public string? ClientId { get; init; }
    public string? ClientSecret { get; init; }
    public string? AuthUrl { get; init; }
    public string? TokenUrl { get; init; }
    public bool? UsesPkce { get; init; }
    public string? CodeChallengeMethod { get; init; }
}

/// <summary>Contract schema <c>MCPOAuthProviderCreateRequest</c>.</summary>
public sealed record McpProviderCreate(string ProviderId, string Name, string McpServerUrl);

/// <summary>What a deletion of a provider, or of tokens of one, answers.</summary>
public sealed record ProviderMessage(string Message, string? ProviderId);

/// <summary>How the control plane proves itself at a token endpoint.</summary>
public static class TokenEndpointAuthMethods
{
    public const string None = "none";
    public const string Basic = "client_secret_basic";
    public const string Post = "client_secret_post";

    public static IReadOnlyList<string> All { get; } = [None, Basic, Post];
}

/// <summary>Providers that do not keep to the letter of OAuth.</summary>
public static class ProviderTypes
{
    public const string Microsoft = "microsoft";
    public const string Salesforce = "salesforce";
    public const string Slack = "slack";

    public static IReadOnlyList<string> All { get; } = [Microsoft, Salesforce, Slack];
}
