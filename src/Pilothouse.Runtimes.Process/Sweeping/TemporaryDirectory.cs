namespace Pilothouse.Runtimes.Process.Sweeping;

/// <summary>
/// One for each replica, with a short path: programs put sockets there, whose paths may have 108 bytes at most (sun_path), so it cannot be below
/// the data directory.
/// </summary>
internal static class TemporaryDirectory
{
    private const string Prefix = "pilothouse-";

    public static string Create() => Directory.CreateTempSubdirectory(Prefix).FullName;

    /// <summary>A record is a file: whatever it says, nothing else is removed.</summary>
    public static bool IsOne(string directory) =>
        string.Equals(Path.GetDirectoryName(directory), Path.TrimEndingDirectorySeparator(Path.GetTempPath()), StringComparison.Ordinal)
        && Path.GetFileName(directory).StartsWith(Prefix, StringComparison.Ordinal);
}
