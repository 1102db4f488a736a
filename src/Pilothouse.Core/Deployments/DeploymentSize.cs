namespace Pilothouse.Core.Deployments;

/// <summary>What a replica of a deployment may use.</summary>
/// <param name="CpuCores">Hard share, in cores.</param>
/// <param name="MemoryBytes">Hard limit; above it the replica is killed.</param>
public sealed record ReplicaLimits(double CpuCores, long MemoryBytes)
{
    private const long Gibibyte = 1024L * 1024 * 1024;

    /// <summary>1 CPU, 1 GiB (behaviour reference 6.1).</summary>
    public static ReplicaLimits Development { get; } = new(1, Gibibyte);

    /// <summary>2 CPU, 2 GiB (behaviour reference 6.1).</summary>
    public static ReplicaLimits Production { get; } = new(2, 2 * Gibibyte);

    /// <summary><c>dev_zero</c> and <c>serverless</c> take the sizes of <c>dev</c> until sleeping is built.</summary>
    public static ReplicaLimits Of(string? deploymentType) =>
        deploymentType is "prod" or "dedicated" ? Production : Development;
}
