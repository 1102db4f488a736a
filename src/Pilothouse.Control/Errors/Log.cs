using Microsoft.Extensions.Logging;

namespace Pilothouse.Control.Errors;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Error, "{Method} {Endpoint} failed")]
    public static partial void RequestFailed(this ILogger logger, Exception exception, string method, string endpoint);

    [LoggerMessage(LogLevel.Warning, "The store, or the disk below it, does not do what it is asked; requests are answered 503")]
    public static partial void StoreFailed(this ILogger logger, Exception exception);
}
