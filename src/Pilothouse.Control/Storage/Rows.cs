using Pilothouse.Core.Deployments;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Storage;

// Rows are the tables and nothing else: no behaviour, no navigation. Times are UTC; SQLite keeps them as Unix milliseconds.

public sealed class OrganizationRow
{
    public Guid Id { get; set; }
    public required string Name { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}

public sealed class WorkspaceRow
{
    public Guid Id { get; set; }
    public Guid OrganizationId { get; set; }
    public required string Name { get; set; }

    /// <summary>The workspace's data key (32 bytes), wrapped by the master key: nonce, ciphertext, tag.</summary>
    public required byte[] WrappedDataKey { get; set; }

    /// <summary>Version of the master key that wrapped it.</summary>
    public int MasterKeyVersion { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}

public sealed class ApiKeyRow
{
    public Guid Id { get; set; }
    public Guid OrganizationId { get; set; }

    /// <summary>Null: the key reaches every workspace of the organization and needs <c>X-Tenant-Id</c>.</summary>
    public Guid? WorkspaceId { get; set; }

    public required string Name { get; set; }

    /// <summary>SHA-256 of the whole key; the key itself is never stored.</summary>
    public required byte[] Hash { get; set; }

    /// <summary>The first characters, for people to tell keys apart.</summary>
    public required string Prefix { get; set; }

    /// <summary><c>admin editor viewer</c> or a <see cref="RoleRow"/>'s name; <c>user</c> for personal keys, which have none of their own.</summary>
    public required string Role { get; set; }

    /// <summary>Of a personal key: the user that it acts as.</summary>
    public Guid? UserId { get; set; }

    /// <summary>Of a listener's key: the listener that it is for. It does what listeners do, for this one, and nothing else.</summary>
    public Guid? ListenerId { get; set; }

    /// <summary>It manages the organization, whatever its role.</summary>
    public bool IsOrganizationAdmin { get; set; }

    /// <summary>The user or the key that made it; null for the first.</summary>
    public Guid? CreatedBy { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>To the minute or so.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }
}

public sealed class DeploymentRow
{
    public Guid Id { get; set; }
    public Guid WorkspaceId { get; set; }
    public required string Name { get; set; }
    public string? AgentId { get; set; }
    public string? AgentEnvironment { get; set; }
    public required string Source { get; set; }

    /// <summary>JSON of <c>Contracts.Deployments.SourceConfig</c> without <c>custom_url</c> (which is derived unless the user set it).</summary>
    public required string SourceConfig { get; set; }

    /// <summary>JSON of <c>Contracts.Deployments.SourceRevisionConfig</c>, of the latest revision.</summary>
    public required string SourceRevisionConfig { get; set; }

    /// <summary>Names in the clear, JSON array: needed for masked answers without decrypting.</summary>
    public required string SecretNames { get; set; }

    /// <summary>JSON object name → value, encrypted under the workspace's data key.</summary>
    public required byte[] SecretValues { get; set; }

    public string? SecretReferences { get; set; }
    public string? TrackedPackages { get; set; }
    public string? DeploymentType { get; set; }
    public DeploymentStatus Status { get; set; }
    public Guid? LatestRevisionId { get; set; }
    public Guid? ActiveRevisionId { get; set; }
    public string? ImageVersion { get; set; }
    public Guid? ListenerId { get; set; }

    /// <summary>Where the gateway of its listener is reached, without a slash at its end; null: at the control plane's own, or not known yet.</summary>
    public string? GatewayUrl { get; set; }

    /// <summary>Rises with every change of what is wanted of the listener; every conditional write names it.</summary>
    public long Generation { get; set; }

    /// <summary>Position in the listener's change feed: a number from one ascending sequence of the whole store.</summary>
    public long ChangedAt { get; set; }

    public int NextRevisionNumber { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
}

public sealed class RevisionRow
{
    public Guid Id { get; set; }
    public Guid WorkspaceId { get; set; }
    public Guid DeploymentId { get; set; }
    public int Number { get; set; }
    public required string Source { get; set; }
    public required string SourceRevisionConfig { get; set; }

    /// <summary>Snapshot of what the build and the replicas need, taken when the revision was made.</summary>
    public string? InstallCommand { get; set; }

    public string? BuildCommand { get; set; }
    public string? DeploymentType { get; set; }

    /// <summary>Snapshot of the deployment's secrets, encrypted.</summary>
    public required byte[] SecretValues { get; set; }

    /// <summary>Snapshot of <c>source_config.resource_spec</c>, JSON; null where none was given.</summary>
    public string? ResourceSpec { get; set; }

    /// <summary>Snapshot of the deployment's references, JSON.</summary>
    public string? SecretReferences { get; set; }

    public RevisionStatus Status { get; set; }

    /// <summary>Why it is there, one sentence; for failures the message shown to the user.</summary>
    public string? StatusReason { get; set; }

    /// <summary>It failed only because it was not ready in time: it stays wanted, and a late success counts.</summary>
    public bool IsLate { get; set; }

    public string? ArtifactDigest { get; set; }

    /// <summary>JSON of <c>Core.Launching.LaunchSpec</c>.</summary>
    public string? LaunchSpec { get; set; }

    public string? ServerVersion { get; set; }

    /// <summary>W3C <c>traceparent</c> of the request that made it: what is done for it later belongs to the same trace.</summary>
    public string? TraceParent { get; set; }

    /// <summary>Who works on it now; null when nobody does.</summary>
    public string? LeaseOwner { get; set; }

    public DateTimeOffset? LeaseUntil { get; set; }

    /// <summary>Fencing number: each claim raises it, every write of a claimant names it.</summary>
    public long LeaseFence { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
}

public sealed class UploadRow
{
    /// <summary><c>uploads/{workspace}/{deployment}/{random}.tar.gz</c>; the <c>source_tarball_path</c> of the API.</summary>
    public required string ObjectPath { get; set; }

    public Guid WorkspaceId { get; set; }
    public Guid DeploymentId { get; set; }

    /// <summary>SHA-256 of the token in the URL.</summary>
    public required byte[] TokenHash { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>Set when the bytes are complete on disk and synced.</summary>
    public DateTimeOffset? StoredAt { get; set; }

    public long SizeBytes { get; set; }
    public string? Sha256 { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}

public sealed class LogRow
{
    /// <summary>Ascending; the opaque offset of the API is made of it.</summary>
    public long Sequence { get; set; }

    public Guid WorkspaceId { get; set; }
    public Guid DeploymentId { get; set; }
    public Guid? RevisionId { get; set; }

    /// <summary>False: deploy log.</summary>
    public bool IsBuild { get; set; }

    /// <summary>Never falls within the build or deploy log of a deployment, so that a reader who goes on from the newest time misses nothing.</summary>
    public DateTimeOffset At { get; set; }

    /// <summary>0 DEBUG, 1 INFO, 2 WARNING, 3 ERROR, 4 CRITICAL.</summary>
    public int Level { get; set; }

    public required string Message { get; set; }
}

/// <summary>A listener's batch of log lines that was taken, so that the same batch sent again adds nothing. Kept for a day.</summary>
public sealed class LogBatchRow
{
    public Guid BatchId { get; set; }
    public DateTimeOffset At { get; set; }
}

public sealed class EventRow
{
    public long Sequence { get; set; }
    public Guid WorkspaceId { get; set; }
    public Guid DeploymentId { get; set; }
    public Guid? RevisionId { get; set; }

    /// <summary>Unique within the deployment: a repeated report adds nothing.</summary>
    public required string Key { get; set; }

    public DateTimeOffset At { get; set; }
    public required string Kind { get; set; }
    public required string Message { get; set; }
    public string? Data { get; set; }

    /// <summary>The revision's status from then on, as the API spells it; null where the event changed none.</summary>
    public string? Status { get; set; }
}

public sealed class ListenerRow
{
    public Guid Id { get; set; }

    /// <summary>Null: the listener inside <c>serve</c>, which serves every deployment without one of its own.</summary>
    public Guid? WorkspaceId { get; set; }

    public required string ComputeType { get; set; }
    public required string ComputeId { get; set; }
    public required string ComputeConfig { get; set; }
    public string? Version { get; set; }

    /// <summary>Where its agents answer, as it says itself.</summary>
    public string? GatewayUrl { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>Named ascending numbers, e.g. <c>changes</c>; raised in the transaction that uses them.</summary>
public sealed class CounterRow
{
    public required string Name { get; set; }
    public long Value { get; set; }
}
