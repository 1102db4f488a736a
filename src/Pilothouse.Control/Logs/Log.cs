using Microsoft.Extensions.Logging;

namespace Pilothouse.Control.Logs;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Warning, "Log lines could not be stored; they wait, and are tried again in {RetryAfter}.")]
    public static partial void LinesNotStored(this ILogger logger, Exception exception, TimeSpan retryAfter);

    [LoggerMessage(LogLevel.Warning, "The last log lines were not stored before the control plane ended.")]
    public static partial void LastLinesNotStored(this ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Error, "The secrets of {SecretsOf}, a revision or a deployment, cannot be opened, so what is told of it is kept without looking for them.")]
    public static partial void SecretsUnreadable(this ILogger logger, Exception exception, Guid secretsOf);
}
