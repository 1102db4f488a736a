using Microsoft.Extensions.Logging;

namespace Pilothouse.Control.Reconciling;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Information, "No build engine is registered, so this control plane drives no revisions.")]
    public static partial void NoBuildEngine(this ILogger logger);

    [LoggerMessage(LogLevel.Information, "Deployment {DeploymentId}: the build of revision {RevisionId} begins.")]
    public static partial void BuildBegins(this ILogger logger, Guid deploymentId, Guid revisionId);

    [LoggerMessage(LogLevel.Information, "Deployment {DeploymentId}: the build of revision {RevisionId} was stopped, it is not this process's any more.")]
    public static partial void BuildStopped(this ILogger logger, Guid deploymentId, Guid revisionId);

    [LoggerMessage(LogLevel.Warning, "Deployment {DeploymentId}: the build of revision {RevisionId} failed for a reason outside the project; again in {RetryAfter}.")]
    public static partial void BuildUnavailable(this ILogger logger, Exception exception, Guid deploymentId, Guid revisionId, TimeSpan retryAfter);

    [LoggerMessage(LogLevel.Warning, "Deployment {DeploymentId}: the build of revision {RevisionId} was not given back at the stop; the next start takes it over.")]
    public static partial void BuildNotGivenBack(this ILogger logger, Exception exception, Guid deploymentId, Guid revisionId);

    [LoggerMessage(LogLevel.Warning, "Deployment {DeploymentId}: the store did not answer about the lease of revision {RevisionId}.")]
    public static partial void LeaseNotRenewed(this ILogger logger, Exception exception, Guid deploymentId, Guid revisionId);

    [LoggerMessage(LogLevel.Warning, "The control plane's {Loop} failed for {Key}; again in {RetryAfter}.")]
    public static partial void LoopFailed(this ILogger logger, Exception exception, string loop, string key, TimeSpan retryAfter);

    [LoggerMessage(LogLevel.Error, "The control plane's {Loop} stalled for {Key}: {Reason}: {Detail}")]
    public static partial void LoopStalled(this ILogger logger, string loop, string key, string reason, string detail);

    [LoggerMessage(LogLevel.Warning, "The control plane's {Loop} could not list what to look at.")]
    public static partial void ResyncFailed(this ILogger logger, Exception exception, string loop);
}
