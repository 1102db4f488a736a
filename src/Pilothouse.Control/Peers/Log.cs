using Microsoft.Extensions.Logging;

namespace Pilothouse.Control.Peers;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Warning, "The other control planes on this store are neither heard nor told now; again in {RetryAfter}. What they do is noticed at the next resync.")]
    public static partial void PeersNotHeard(this ILogger logger, Exception exception, TimeSpan retryAfter);
}
