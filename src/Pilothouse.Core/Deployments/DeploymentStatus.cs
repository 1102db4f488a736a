namespace Pilothouse.Core.Deployments;

public enum DeploymentStatus
{
    AwaitingDatabase,
    Ready,
    Unused,
    AwaitingDelete,
    Unknown,
}

public static class DeploymentStatuses
{
    public static string ToWire(this DeploymentStatus status) => status switch
    {
        DeploymentStatus.AwaitingDatabase => "AWAITING_DATABASE",
        DeploymentStatus.Ready => "READY",
        DeploymentStatus.Unused => "UNUSED",
        DeploymentStatus.AwaitingDelete => "AWAITING_DELETE",
        _ => "UNKNOWN",
    };

    public static DeploymentStatus? FromWire(string name) => name switch
    {
        "AWAITING_DATABASE" => DeploymentStatus.AwaitingDatabase,
        "READY" => DeploymentStatus.Ready,
        "UNUSED" => DeploymentStatus.Unused,
        "AWAITING_DELETE" => DeploymentStatus.AwaitingDelete,
        "UNKNOWN" => DeploymentStatus.Unknown,
        _ => null,
    };
}
