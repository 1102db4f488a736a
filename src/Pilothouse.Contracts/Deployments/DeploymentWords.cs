namespace Pilothouse.Contracts.Deployments;

/// <summary>Where a revision comes from (contract field <c>source</c>).</summary>
public static class Sources
{
    public const string GitHub = "github";
    public const string ExternalDocker = "external_docker";
    public const string InternalDocker = "internal_docker";
    public const string InternalSource = "internal_source";

    public static IReadOnlyList<string> All { get; } = [GitHub, ExternalDocker, InternalDocker, InternalSource];

    /// <summary>What <c>revision_source</c> may say.</summary>
    public static IReadOnlyList<string> OfRevisions { get; } = [GitHub, InternalDocker, InternalSource];
}

/// <summary>Sizes (contract field <c>deployment_type</c>); the contract lists the first three, clients send them all.</summary>
public static class DeploymentTypes
{
    /// <summary>The type that <c>free-count</c> counts.</summary>
    public const string DevFree = "dev_free";

    public static IReadOnlyList<string> All { get; } = [DevFree, "dev", "prod", "dev_zero", "serverless", "dedicated"];
}

/// <summary>Environments that an agent may have one deployment in.</summary>
public static class AgentEnvironments
{
    public static IReadOnlyList<string> All { get; } = ["development", "staging", "production"];
}
