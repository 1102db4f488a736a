using Microsoft.Extensions.Logging;

namespace Pilothouse.Control.Tracing;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Information, "Deployment {DeploymentId}: its tracing project shall be deleted, but no Tracing:Endpoint is configured, so there is none.")]
    public static partial void NoTracingEndpoint(this ILogger logger, Guid deploymentId);

    [LoggerMessage(LogLevel.Information, "Deployment {DeploymentId}: its tracing project is deleted.")]
    public static partial void TracingProjectDeleted(this ILogger logger, Guid deploymentId);

    [LoggerMessage(LogLevel.Information, "Deployment {DeploymentId}: the tracing API has no project of its name.")]
    public static partial void NoTracingProject(this ILogger logger, Guid deploymentId);

    [LoggerMessage(LogLevel.Warning, "Deployment {DeploymentId}: its tracing project is kept, since another deployment of the same name writes to it.")]
    public static partial void TracingProjectShared(this ILogger logger, Guid deploymentId);
}
