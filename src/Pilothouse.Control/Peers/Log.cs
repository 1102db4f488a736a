using Microsoft.Extensions.Logging;

namespace Pilothouse.Control.Peers;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Warning, "The other control planes on this store are neither heard nor told now; again in {RetryAfter}. What they do is noticed at the next resync.")]
    public static partial void PeersNotHeard(this ILogger logger, Exception exception, TimeSpan retryAfter);

    [LoggerMessage(LogLevel.Information, "This control plane runs the agents from now on (lease {Fence}).")]
    public static partial void LeaseTaken(this ILogger logger, long fence);

    [LoggerMessage(LogLevel.Warning, "The store does not say who runs the agents; what runs goes on.")]
    public static partial void LeaseUnknown(this ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Critical, "Another control plane runs the agents, since this one was not heard of for longer than its lease: it ends, so that a fresh one can start.")]
    public static partial void LeaseLost(this ILogger logger);

    [LoggerMessage(LogLevel.Warning, "The lease of the agents could not be given back; another control plane takes it when {Lease} have passed.")]
    public static partial void LeaseNotGivenBack(this ILogger logger, Exception exception, TimeSpan lease);
}
