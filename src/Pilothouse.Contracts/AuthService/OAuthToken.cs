using System.Text.Json;

namespace Pilothouse.Contracts.AuthService;

/// <summary>A stored token without anything secret (contract schema <c>OAuthTokenSummary</c>).</summary>
public sealed record OAuthToken
{
    public required Guid Id { get; init; }

    /// <summary>The provider's <c>provider_id</c>.</summary>
    public required string ProviderId { get; init; }

    public string? ProviderAccountLabel { get; init; }
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Of the access token; null: it does not expire, or its provider did not say.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>One token of each owner and provider is.</summary>
    public bool IsDefault { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>Contract schema <c>OAuthTokenUpdateRequest</c>; null leaves a field as it is.</summary>
public sealed record OAuthTokenPatch
{
    public string? ProviderAccountLabel { get; init; }
    public bool? IsDefault { get; init; }
}

/// <summary>A token that was obtained elsewhere.</summary>
public sealed record OAuthTokenImport
{
    /// <summary>Of an import into the caller's own tokens; in an agent's it is in the path.</summary>
    public string? ProviderId { get; init; }

    public required string AccessToken { get; init; }
    public string? RefreshToken { get; init; }

    /// <summary>Of the access token, from now on.</summary>
    public int? ExpiresInSeconds { get; init; }

    public IReadOnlyList<string> Scopes { get; init; } = [];
    public string? ProviderAccountLabel { get; init; }

    /// <summary>An object, answered with the token.</summary>
    public JsonElement? Metadata { get; init; }

    public bool IsDefault { get; init; } = true;
}

public sealed record ImportedToken(Guid TokenId);

/// <summary>Contract schema <c>OAuthTokenStatusResponse</c>.</summary>
public sealed record TokenStatus(bool HasToken);

public sealed record TokenStatusesQuery(IReadOnlyList<string> ProviderIds);

/// <param name="HasToken">By <c>provider_id</c>.</param>
public sealed record TokenStatuses(IReadOnlyDictionary<string, bool> HasToken);

/// <summary>A token bound to an agent (contract schema <c>AgentConnectionResponse</c>).</summary>
public sealed record AgentConnection
{
    public required Guid Id { get; init; }
    public required string AgentId { get; init; }
    public required Guid OauthTokenId { get; init; }
    public required string ProviderId { get; init; }
    public required string? ProviderAccountLabel { get; init; }
    public required IReadOnlyList<string> Scopes { get; init; }
    public required DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Id of the user or key.</summary>
    public required string CreatedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

public sealed record AgentConnectionsList(IReadOnlyList<AgentConnection> Data);

/// <summary>Contract schema <c>CreateAgentConnectionRequest</c>.</summary>
public sealed record AgentConnectionCreate(Guid OauthTokenId);
