using Microsoft.Extensions.Logging;
using Pilothouse.Core;
using Pilothouse.Listener.Reconciling;

namespace Pilothouse.Listener;

internal static partial class Log
{
    private static readonly Func<ILogger, DeploymentId, IDisposable?> s_deploymentScope =
        LoggerMessage.DefineScope<DeploymentId>("Deployment {DeploymentId}");

    public static IDisposable? DeploymentScope(this ILogger logger, DeploymentId deploymentId) => s_deploymentScope(logger, deploymentId);

    [LoggerMessage(LogLevel.Warning, "This listener cannot lead yet, and asks again and again: {Reason}")]
    public static partial void ControlPlaneAway(this ILogger logger, string reason);

    [LoggerMessage(LogLevel.Warning, "The listener's {Loop} had no luck with the control plane; again in {RetryAfter}. {Reason}")]
    public static partial void ControlPlaneRefused(this ILogger logger, string loop, TimeSpan retryAfter, string reason);

    [LoggerMessage(LogLevel.Warning, "The control plane does not answer, and this instance led last: the agents run as they were last wanted.")]
    public static partial void GoesOnAlone(this ILogger logger);

    [LoggerMessage(LogLevel.Information, "Another instance of listener {ListenerId} leads; this one stands by.")]
    public static partial void AnotherLeads(this ILogger logger, Guid listenerId);

    [LoggerMessage(LogLevel.Error, "Another instance of this listener leads by now: this process ends, and its agents with it.")]
    public static partial void Superseded(this ILogger logger);

    [LoggerMessage(LogLevel.Warning, "What was last wanted cannot be read, since the listener's key was exchanged or the file is damaged; the control plane is waited for.")]
    public static partial void MemoryUnreadable(this ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Information, "Listener {ListenerId} started; {Leftovers} processes of an earlier one were ended.")]
    public static partial void ListenerStarted(this ILogger logger, Guid listenerId, int leftovers);

    [LoggerMessage(LogLevel.Warning, "What an earlier listener left cannot be swept; nothing is started before it is. Next try in {RetryAfter}.")]
    public static partial void SweepFailed(this ILogger logger, Exception exception, TimeSpan retryAfter);

    [LoggerMessage(LogLevel.Debug, "Deployment {DeploymentId}: {Step}.")]
    public static partial void StepBegins(this ILogger logger, DeploymentId deploymentId, Step step);

    [LoggerMessage(LogLevel.Information, "Deployment {DeploymentId}: revision {RevisionId} failed. {Reason}")]
    public static partial void RevisionFailed(this ILogger logger, DeploymentId deploymentId, RevisionId revisionId, string reason);

    [LoggerMessage(LogLevel.Error, "Deployment {DeploymentId}: the launch spec of revision {RevisionId} cannot be read, so it cannot be run.")]
    public static partial void RevisionUnreadable(
        this ILogger logger, Exception exception, DeploymentId deploymentId, RevisionId revisionId);

    [LoggerMessage(LogLevel.Debug, "Deployment {DeploymentId}: busy probe {Path} failed; only requests are waited for.")]
    public static partial void BusyProbeFailed(this ILogger logger, Exception exception, DeploymentId deploymentId, string path);

    [LoggerMessage(LogLevel.Debug, "Deployment {DeploymentId}: busy probe {Path} gave an answer of another shape; only requests are waited for.")]
    public static partial void BusyProbeUnreadable(this ILogger logger, DeploymentId deploymentId, string path);

    [LoggerMessage(LogLevel.Error, "Deployment {DeploymentId}: its state could not be copied, so it was not switched.")]
    public static partial void StateNotCopied(this ILogger logger, Exception exception, DeploymentId deploymentId);

    [LoggerMessage(LogLevel.Error, "Deployment {DeploymentId}: how far its switch came could not be written down.")]
    public static partial void SwitchNotNoted(this ILogger logger, Exception exception, DeploymentId deploymentId);

    [LoggerMessage(LogLevel.Warning, "Deployment {DeploymentId}: its state was put back from copy {Copy}.")]
    public static partial void StateRestored(this ILogger logger, DeploymentId deploymentId, string copy);

    [LoggerMessage(
        LogLevel.Warning, "Deployment {DeploymentId}: its failure is told before its log lines, which were not taken within {Limit}.")]
    public static partial void FailureToldBeforeItsLog(
        this ILogger logger, Exception exception, DeploymentId deploymentId, TimeSpan limit);

    [LoggerMessage(LogLevel.Warning, "{Dropped} log lines were dropped while the control plane did not take them.")]
    public static partial void LogLinesDropped(this ILogger logger, long dropped);

    [LoggerMessage(LogLevel.Warning, "The last log lines were not sent before the listener ended.")]
    public static partial void LastLogsNotSent(this ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Warning, "The listener's {Loop} failed for {Key}; again in {RetryAfter}.")]
    public static partial void LoopFailed(this ILogger logger, Exception exception, string loop, string key, TimeSpan retryAfter);

    [LoggerMessage(LogLevel.Error, "The listener's {Loop} stalled for {Key}: {Reason}: {Detail}")]
    public static partial void LoopStalled(this ILogger logger, string loop, string key, string reason, string detail);

    [LoggerMessage(LogLevel.Warning, "The listener's {Loop} could not list what to look at.")]
    public static partial void ResyncFailed(this ILogger logger, Exception exception, string loop);
}
