using Microsoft.Extensions.Logging;

namespace Pilothouse.Control.Listeners;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Information, "Deployment {DeploymentId} is deleted: its listener ended it, and its rows and files are gone.")]
    public static partial void DeploymentRemoved(this ILogger logger, Guid deploymentId);

    [LoggerMessage(LogLevel.Warning, "Listener {ListenerId} was not heard of for {Silence}: how its deployments are is unknown ({Count}). They go on there, and changes wait for it.")]
    public static partial void ListenerSilent(this ILogger logger, Guid listenerId, TimeSpan silence, int count);

    [LoggerMessage(LogLevel.Error, "Deployment {DeploymentId}: what is stored of revision {RevisionId} cannot be read, so no listener is told to run it.")]
    public static partial void RevisionUnreadable(this ILogger logger, Exception exception, Guid deploymentId, Guid revisionId);
}
