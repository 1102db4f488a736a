namespace Pilothouse.Server.Observing;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Warning, "The store did not answer the readiness probe; this process is not ready until it does.")]
    public static partial void StoreLost(this ILogger logger, Exception exception);
}
