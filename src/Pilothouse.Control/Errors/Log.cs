using Microsoft.Extensions.Logging;

namespace Pilothouse.Control.Errors;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Error, "{Method} {Endpoint} failed")]
    public static partial void RequestFailed(this ILogger logger, Exception exception, string method, string endpoint);
}
