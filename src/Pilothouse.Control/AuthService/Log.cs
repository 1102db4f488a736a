using Microsoft.Extensions.Logging;

namespace Pilothouse.Control.AuthService;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Warning, "OAuth token {TokenId} is deleted here, but its provider {ProviderId} did not confirm that it revoked it.")]
    public static partial void NotRevoked(this ILogger logger, Guid tokenId, string providerId);

    [LoggerMessage(LogLevel.Warning, "OAuth token {TokenId} could not be refreshed: its provider {ProviderId} did not answer. The next use tries again.")]
    public static partial void NotRefreshed(this ILogger logger, Guid tokenId, string providerId);

    [LoggerMessage(LogLevel.Information, "OAuth token {TokenId} needs its user's consent again: its provider {ProviderId} refused to refresh it ({Error}).")]
    public static partial void ConsentNeeded(this ILogger logger, Guid tokenId, string providerId, string error);

    [LoggerMessage(LogLevel.Warning, "A consent for provider {ProviderId} came back to another provider's address or from another issuer; its code was sent nowhere.")]
    public static partial void ConsentMixedUp(this ILogger logger, string providerId);
}
