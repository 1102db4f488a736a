namespace Pilothouse.Builds.Artifacts;

/// <summary>Locks that the operating system lets go of when their holder dies, however it dies (flock).</summary>
internal static class FileLock
{
    private const int WouldBlock = 11; // EAGAIN
    private const int WouldBlockElsewhere = 35; // the same on BSD and macOS

    /// <returns>Null when somebody holds it.</returns>
    public static FileStream? TryTake(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (exception.HResult is WouldBlock or WouldBlockElsewhere)
        {
            return null;
        }
    }

    public static async Task<FileStream> TakeAsync(string path, TimeSpan poll, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryTake(path) is { } held) return held;
            await Task.Delay(poll, time, cancellationToken);
        }
    }
}
