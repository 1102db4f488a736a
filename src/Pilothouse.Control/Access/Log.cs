using Microsoft.Extensions.Logging;

namespace Pilothouse.Control.Access;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Warning, "When keys were last used could not be written; tried again soon")]
    public static partial void KeyUseNotWritten(this ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Warning, "{Count} API keys expire within seven days; make new ones before: {Keys}")]
    public static partial void KeysExpire(this ILogger logger, int count, string keys);

    [LoggerMessage(LogLevel.Warning, "The keys of the issuer {Issuer} could not be fetched; its tokens are checked with those known before")]
    public static partial void IssuerKeysNotFetched(this ILogger logger, Exception exception, string issuer);
}
