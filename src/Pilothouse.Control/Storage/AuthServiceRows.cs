namespace Pilothouse.Control.Storage;

/// <summary>Belongs to an organization; every query names it.</summary>
public sealed class OAuthProviderRow
{
    public Guid Id { get; set; }
    public Guid OrganizationId { get; set; }

    /// <summary>The slug of the API.</summary>
    public required string ProviderId { get; set; }

    public required string Name { get; set; }
    public required string ClientId { get; set; }

    /// <summary>The workspace under whose data key <see cref="Secrets"/> is sealed: the one whose caller wrote it last.</summary>
    public Guid SealedFor { get; set; }

    /// <summary>Null without a client secret.</summary>
    public byte[]? Secrets { get; set; }

    public required string AuthUrl { get; set; }
    public required string TokenUrl { get; set; }
    public bool UsesPkce { get; set; }

    /// <summary>Its maker said so, in so many words.</summary>
    public bool SkipsPkce { get; set; }

    public string? ProviderType { get; set; }
    public string? McpServerUrl { get; set; }
    public required string TokenEndpointAuthMethod { get; set; }
    public bool IsDynamicClient { get; set; }

    /// <summary>Of the authorization server, where it was discovered: what comes back must name no other (RFC 9207).</summary>
    public string? Issuer { get; set; }

    /// <summary>RFC 7009.</summary>
    public string? RevocationUrl { get; set; }

    /// <summary>What a dynamic client was registered with; null: made of the control plane's address.</summary>
    public string? RedirectUri { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
}

public sealed class OAuthTokenRow
{
    public Guid Id { get; set; }
    public Guid WorkspaceId { get; set; }

    /// <summary>Id of the provider's row.</summary>
    public Guid ProviderRowId { get; set; }

    /// <summary>Text of <c>AuthService.TokenOwner</c>.</summary>
    public required string Owner { get; set; }

    /// <summary>Access and refresh token, sealed under the workspace's data key.</summary>
    public required byte[] Secrets { get; set; }

    /// <summary>The provider refused to refresh it, or it cannot be: only consent helps.</summary>
    public bool NeedsConsent { get; set; }

    /// <summary>JSON array: what the provider granted.</summary>
    public required string Scopes { get; set; }

    /// <summary>JSON array: what the user was asked for. Providers spell or drop some, and asking again would change nothing.</summary>
    public required string AskedScopes { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }
    public string? Label { get; set; }

    /// <summary>JSON object.</summary>
    public string? Metadata { get; set; }

    public bool IsDefault { get; set; }

    /// <summary>Rises with every change of <see cref="Secrets"/>.</summary>
    public long Version { get; set; }

    /// <summary>Somebody refreshes it until then.</summary>
    public DateTimeOffset? RefreshingUntil { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
}

public sealed class AgentConnectionRow
{
    public Guid Id { get; set; }
    public Guid WorkspaceId { get; set; }
    public required string AgentId { get; set; }
    public Guid ProviderRowId { get; set; }
    public Guid TokenId { get; set; }
    public Guid CreatedBy { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>One consent under way.</summary>
public sealed class AuthSessionRow
{
    public Guid Id { get; set; }
    public Guid WorkspaceId { get; set; }

    /// <summary>SHA-256 of the <c>auth_id</c>.</summary>
    public required byte[] AuthIdHash { get; set; }

    /// <summary>SHA-256 of the <c>state</c>.</summary>
    public required byte[] StateHash { get; set; }

    /// <summary><c>pending claimed completed failed</c>.</summary>
    public required string Status { get; set; }

    public Guid ProviderRowId { get; set; }

    /// <summary>As the provider had it when the user was sent there: the code goes nowhere else.</summary>
    public required string TokenUrl { get; set; }

    public required string RedirectUri { get; set; }

    /// <summary>The caller's subject.</summary>
    public Guid Initiator { get; set; }

    /// <summary>Whose token it will be.</summary>
    public required string Owner { get; set; }

    /// <summary>JSON array.</summary>
    public required string Scopes { get; set; }

    public bool IsDefault { get; set; }

    /// <summary>The stored token that the new one takes the place of.</summary>
    public Guid? ReplacesTokenId { get; set; }

    /// <summary>The PKCE verifier, sealed under the workspace's data key; null without PKCE.</summary>
    public byte[]? Secrets { get; set; }

    public Guid? TokenId { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}
