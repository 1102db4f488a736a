using Microsoft.Extensions.Logging;

namespace Pilothouse.Runtimes.Process.Sweeping;

/// <summary>Removes what an earlier control plane left. One thing that cannot be removed keeps none of the others.</summary>
internal static class Removal
{
    /// <returns>False when it is still there; the log says why.</returns>
    public static bool Try(string path, ILogger logger, Action<string> remove)
    {
        try
        {
            remove(path);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LeftoverNotRemoved(exception, path);
            return false;
        }
    }

    /// <summary>A directory that is not there is removed.</summary>
    public static bool TryDirectory(string path, ILogger logger) => Try(path, logger, static directory =>
    {
        if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
    });
}
