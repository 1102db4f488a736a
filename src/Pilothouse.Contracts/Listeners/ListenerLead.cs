namespace Pilothouse.Contracts.Listeners;

/// <summary>
/// Body of <c>POST /v2/listeners/{id}/protocol/lead</c>: an instance of a listener wants to lead, since of several on one id one speaks at a time. Said
/// first, and again by whoever does not lead; each pull of the leader keeps its lease.
/// </summary>
public sealed record LeadRequest
{
    /// <summary>The newest version of the protocol that the listener speaks; <see cref="ListenerProtocolVersions.Newest"/> of its program.</summary>
    public required int Protocol { get; init; }

    /// <summary>Of this instance, the same at each of its starts: it comes back to a lease of its own at once.</summary>
    public required Guid InstanceId { get; init; }

    /// <summary>Of the program, e.g. <c>0.4.0</c>; shown as the listener's <c>version</c>. At most 128 characters.</summary>
    public required string Version { get; init; }

    /// <summary>Where its agents answer, e.g. <c>https://agents.corp</c>, without a slash at its end; null: nowhere that anybody knows.</summary>
    public string? GatewayUrl { get; init; }
}

public sealed record LeadAnswer
{
    /// <summary>The version that both sides know; the listener speaks this one.</summary>
    public required int Protocol { get; init; }

    public required Guid ListenerId { get; init; }
    public required Guid WorkspaceId { get; init; }

    /// <summary>The listener's <c>compute_id</c>, for people.</summary>
    public required string ComputeId { get; init; }

    /// <summary>Number of the lease, one more with each leader; null: another instance leads.</summary>
    public long? Lease { get; init; }

    /// <summary>When to ask again, where another instance leads.</summary>
    public required int RetrySeconds { get; init; }
}

/// <summary>Body of <c>POST /v2/listeners/{id}/protocol/resign</c>: the instance ends, and another one may lead at once.</summary>
public sealed record LeaseOfListener
{
    public required long Lease { get; init; }
}

public static class ListenerProtocolVersions
{
    /// <summary>That of this program. A control plane goes on speaking all from <see cref="Oldest"/> on.</summary>
    public const int Newest = 1;

    public const int Oldest = 1;
}

/// <summary>
/// Body of <c>POST /v2/listeners/{id}/protocol/callers</c>: may who shows this call the agents of the listener's workspace? One of the two is set. A key
/// is asked for by its hash, so that it goes no further than the gateway that it was shown to.
/// </summary>
/// <param name="KeyHash">SHA-256 of the key's UTF-8, as 64 lower-case hexadecimal digits.</param>
/// <param name="Token">A user's token, whole, since only its issuer's signature says what it is worth.</param>
public sealed record CallerQuestion(string? KeyHash, string? Token);

/// <param name="ExpiresAt">Of the key; a gateway that cannot ask any more takes it for bad from then on. Null: it does not expire, or is a token.</param>
public sealed record CallerAnswer(bool MayCall, DateTimeOffset? ExpiresAt = null);
