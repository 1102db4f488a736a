using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pilothouse.Contracts.AuthService;

/// <summary>Asks for a token (contract schema <c>AuthAuthenticateRequest</c>).</summary>
public sealed record AuthenticateRequest
{
    /// <summary>The provider's <c>provider_id</c>.</summary>
    public required string Provider { get; init; }

    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>End user of the agent; null: the caller itself.</summary>
    public string? UserId { get; init; }

    public string? LsUserId { get; init; }

    /// <summary>Its connection is asked before the user's own tokens.</summary>
    public string? AgentId { get; init; }

    /// <summary>Consent anew, whatever is stored.</summary>
    public bool ForceNew { get; init; }

    /// <summary>This token and no other.</summary>
    public Guid? TokenId { get; init; }

    /// <summary>The token that consent brings becomes the user's default.</summary>
    public bool IsDefault { get; init; } = true;

    /// <summary>Tell what is there; start no consent.</summary>
    public bool CheckOnly { get; init; }

    /// <summary>A page of one's own that gets code and state instead; one of <c>AuthService:RedirectUris</c>.</summary>
    public string? RedirectUri { get; init; }
}

/// <summary>Contract schema <c>AuthAuthenticateResponse</c>; every member is always there.</summary>
public sealed record AuthenticateAnswer
{
    /// <summary>A constant of <see cref="AuthStatuses"/>.</summary>
    public required string Status { get; init; }

    /// <summary>Where the user consents.</summary>
    public string? Url { get; init; }

    /// <summary>For waiting; whoever has it and is the same caller gets the token.</summary>
    public string? AuthId { get; init; }

    public string? Token { get; init; }

    /// <summary>Of <see cref="Token"/>.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    public string? UserId { get; init; }
    public JsonElement? Metadata { get; init; }
}

/// <summary>Contract schema <c>AuthWaitResponse</c>.</summary>
/// <param name="Status">A constant of <see cref="AuthStatuses"/>.</param>
public sealed record WaitAnswer(string Status, string? Token = null);

/// <summary>Contract schemas <c>AuthStatus</c> and <c>AuthWaitStatus</c>.</summary>
public static class AuthStatuses
{
    public const string Completed = "completed";
    public const string Pending = "pending";
    public const string ConnectionRequired = "connection_required";
    public const string TokenExpired = "token_expired";
    public const string Timeout = "timeout";
    public const string NotFound = "not_found";
}

/// <summary>Contract schema <c>OAuthFinalizeRequest</c>.</summary>
public sealed record FinalizeRequest(string Code, string State);

/// <summary>How a consent ended that came back.</summary>
/// <param name="Status"><c>completed</c>.</param>
public sealed record FinalizedAnswer(string Status, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ProviderId);
