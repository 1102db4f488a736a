namespace Pilothouse.Control.Idempotency;

/// <summary>
/// A request that came with an <c>Idempotency-Key</c>. Running while <see cref="Status"/> is null; its answer afterwards. Neither the request's body
/// nor a readable answer is in it.
/// </summary>
public sealed class RequestKeyRow
{
    public Guid WorkspaceId { get; set; }

    /// <summary>Whose key it is: two callers may choose the same one.</summary>
    public Guid Subject { get; set; }

    /// <summary>As the client chose it: 1 to 255 visible ASCII characters.</summary>
    public required string Key { get; set; }

    /// <summary>HMAC-SHA-256 of method, path, query and body under a key of the workspace.</summary>
    public required byte[] Fingerprint { get; set; }

    /// <summary>The process that runs it, or ran it.</summary>
    public required string Owner { get; set; }

    /// <summary>While it runs: until when nobody else may run it.</summary>
    public DateTimeOffset LeaseUntil { get; set; }

    /// <summary>Raised with each claim; whoever runs the request names it when it writes.</summary>
    public long Fence { get; set; }

    /// <summary>The deployment that the request made or changed; written in the transaction that did so.</summary>
    public Guid? DeploymentId { get; set; }

    /// <summary>The revision that it made, likewise.</summary>
    public Guid? RevisionId { get; set; }

    /// <summary>HTTP status of the answer.</summary>
    public int? Status { get; set; }

    /// <summary>Headers and body, sealed under the workspace's data key; null where they were too large to be kept.</summary>
    public byte[]? Answer { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }
}
