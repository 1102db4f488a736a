using System.Text.Json;

namespace Pilothouse.Contracts.Deployments;

/// <summary>A deployment as the API answers it (contract schema <c>Deployment</c>).</summary>
public sealed record Deployment
{
    public required Guid Id { get; init; }
    public required Guid TenantId { get; init; }
    public required string Name { get; init; }

    /// <summary><c>github external_docker internal_docker internal_source</c>.</summary>
    public required string Source { get; init; }

    public required SourceConfig SourceConfig { get; init; }

    /// <summary>Of the latest revision.</summary>
    public required SourceRevisionConfig SourceRevisionConfig { get; init; }

    /// <summary>Names with masked values.</summary>
    public required IReadOnlyList<Secret> Secrets { get; init; }

    public IReadOnlyList<SecretReference>? SecretReferences { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary><c>AWAITING_DATABASE READY UNUSED AWAITING_DELETE UNKNOWN</c>.</summary>
    public required string Status { get; init; }

    public Guid? LatestRevisionId { get; init; }
    public Guid? ActiveRevisionId { get; init; }
    public string? ImageVersion { get; init; }
    public bool IsPreview { get; init; }
}

/// <summary>What needs no new revision, or cannot be changed (contract schema <c>SourceConfig</c>).</summary>
public sealed record SourceConfig
{
    public Guid? IntegrationId { get; init; }
    public string? RepoUrl { get; init; }
    public string? DeploymentType { get; init; }
    public bool? BuildOnPush { get; init; }

    /// <summary>Where the agent answers.</summary>
    public string? CustomUrl { get; init; }

    /// <summary>Contract schema <c>ResourceSpec</c>, kept as it came.</summary>
    public JsonElement? ResourceSpec { get; init; }

    public Guid? ListenerId { get; init; }
    public ListenerConfig? ListenerConfig { get; init; }
    public string? InstallCommand { get; init; }
    public string? BuildCommand { get; init; }
}

public sealed record ListenerConfig
{
    public string? K8sNamespace { get; init; }
}

/// <summary>What makes a new revision when changed (contract schema <c>SourceRevisionConfig</c>).</summary>
public sealed record SourceRevisionConfig
{
    public string? RepoRef { get; init; }
    public string? LanggraphConfigPath { get; init; }
    public string? ImageUri { get; init; }
    public string? SourceTarballPath { get; init; }
    public string? RepoCommitSha { get; init; }
}

/// <summary>An environment variable of the agent server.</summary>
public sealed record Secret(string Name, string Value);

/// <summary>An environment variable taken from a Kubernetes Secret.</summary>
public sealed record SecretReference(string Name, string SecretName, string SecretKey);

public sealed record AgentReference(string AgentId, string Environment);

/// <summary>Body of <c>POST /v2/deployments</c>.</summary>
public sealed record DeploymentCreate
{
    public string? Name { get; init; }
    public AgentReference? Agent { get; init; }
    public required string Source { get; init; }
    public required SourceConfig SourceConfig { get; init; }
    public required SourceRevisionConfig SourceRevisionConfig { get; init; }
    public required IReadOnlyList<Secret> Secrets { get; init; }
    public IReadOnlyList<SecretReference>? SecretReferences { get; init; }
}

/// <summary>Body of <c>PATCH /v2/deployments/{id}</c>; null keeps what is there.</summary>
public sealed record DeploymentPatch
{
    public string? RevisionSource { get; init; }
    public SourceConfig? SourceConfig { get; init; }
    public SourceRevisionConfig? SourceRevisionConfig { get; init; }
    public IReadOnlyList<Secret>? Secrets { get; init; }
    public IReadOnlyList<SecretReference>? SecretReferences { get; init; }
    public IReadOnlyList<string>? TrackedPackages { get; init; }
}

/// <summary>One page; <see cref="Offset"/> is the value to send for the next.</summary>
public sealed record DeploymentsList(IReadOnlyList<Deployment> Resources, int Offset);

/// <summary>A revision as the API answers it (contract schema <c>Revision</c>).</summary>
public sealed record Revision
{
    public required Guid Id { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>One of the thirteen statuses, e.g. <c>AWAITING_BUILD</c>.</summary>
    public required string Status { get; init; }

    public required string Source { get; init; }
    public required SourceRevisionConfig SourceRevisionConfig { get; init; }
}

/// <summary>Newest first; <see cref="Offset"/> is the value to send for the next page.</summary>
public sealed record RevisionsList(IReadOnlyList<Revision> Resources, int Offset);

/// <summary>Answer of <c>POST /v2/deployments/{id}/upload-url</c>.</summary>
/// <param name="Url">Absolute and self-authorising; takes one PUT of at most 200 MiB of gzip, then never again.</param>
/// <param name="ObjectPath">To be sent as <c>source_tarball_path</c>.</param>
/// <param name="UploadHeaders">To be sent with the PUT.</param>
public sealed record UploadUrl(string Url, string ObjectPath, IReadOnlyDictionary<string, string> UploadHeaders)
{
    [System.Text.Json.Serialization.JsonPropertyName("upload_url")]
    public string Url { get; init; } = Url;
}

/// <summary>One thing that happened to a revision; an extension of the contract.</summary>
/// <param name="Id">Ascending within a deployment.</param>
/// <param name="Kind">Constant word, e.g. <c>switched</c>, <c>build_started</c>.</param>
/// <param name="Message">One sentence for people.</param>
/// <param name="Data">Facts for programs, e.g. the proof of a switch.</param>
/// <param name="Status">The revision's status from then on; null where the event changed none.</param>
public sealed record RevisionEvent(
    long Id, Guid DeploymentId, Guid? RevisionId, DateTimeOffset At, string Kind, string Message, JsonElement? Data, string? Status = null);

public sealed record RevisionEventsList(IReadOnlyList<RevisionEvent> Resources);
