namespace Pilothouse.Contracts.Listeners;

/// <summary>A listener of a workspace as the API answers it (contract schema <c>Listener</c>).</summary>
public sealed record Listener
{
    public required Guid Id { get; init; }

    /// <summary><c>k8s</c>, or <c>process</c>: processes of the machine that it runs on. Fixed for the listener's life.</summary>
    public required string ComputeType { get; init; }

    /// <summary>The user's own name of what it runs on, e.g. of a cluster; unique in the workspace and fixed for the listener's life.</summary>
    public required string ComputeId { get; init; }

    public required ListenerComputeConfig ComputeConfig { get; init; }

    /// <summary>Of the listener program, as it says itself.</summary>
    public string? Version { get; init; }

    /// <summary>Where its agents answer, as it says itself; null: not known yet.</summary>
    public string? GatewayUrl { get; init; }

    /// <summary>To within half a minute; null: it was never heard of.</summary>
    public DateTimeOffset? LastSeenAt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>What a listener runs agents on.</summary>
public static class ComputeTypes
{
    public const string Kubernetes = "k8s";

    /// <summary>Processes of the listener's own machine.</summary>
    public const string Process = "process";
}

/// <summary>What goes with a listener's <c>compute_type</c>.</summary>
public sealed record ListenerComputeConfig
{
    /// <summary>Of <c>k8s</c>: namespaces that deployments may be placed in: DNS labels (RFC 1123), each once, 1 to 100. <c>process</c> has none.</summary>
    public IReadOnlyList<string>? K8sNamespaces { get; init; }
}

/// <summary>Body of <c>POST /v2/listeners</c>.</summary>
public sealed record ListenerCreate
{
    public string? Version { get; init; }

    /// <summary><c>k8s process</c>.</summary>
    public required string ComputeType { get; init; }

    /// <summary>1 to 253 characters.</summary>
    public required string ComputeId { get; init; }

    public required ListenerComputeConfig ComputeConfig { get; init; }
}

/// <summary>Body of <c>PATCH /v2/listeners/{id}</c>; null keeps what is there, a list of namespaces replaces the whole list.</summary>
public sealed record ListenerPatch
{
    public string? Version { get; init; }
    public ListenerComputeConfig? ComputeConfig { get; init; }
}

/// <summary>One page, oldest first; <see cref="Offset"/> is the value to send for the next.</summary>
public sealed record ListenersList(IReadOnlyList<Listener> Resources, int Offset);

/// <summary>Body of <c>POST /v2/listeners/{id}/keys</c>.</summary>
public sealed record ListenerKeyCreate
{
    /// <summary>1 to 128 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Null: that of the key that makes it, or none.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
