namespace Pilothouse.Control.AuthService;

internal static class StoredTime
{
    /// <summary>In whole milliseconds, as the store keeps it, so that the first answer says what later ones will.</summary>
    public static DateTimeOffset GetStoredNow(this TimeProvider clock) =>
        DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds());
}
