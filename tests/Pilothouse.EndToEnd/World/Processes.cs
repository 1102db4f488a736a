namespace Pilothouse.EndToEnd.World;

/// <summary>What runs on this machine for a data directory.</summary>
public static class Processes
{
    /// <summary>Agent servers: every process that carries the runtime's marker below the directory, dead ones not reaped yet left out.</summary>
    public static IReadOnlyList<int> OfReplicas(string dataDirectory) =>
        [.. All().Where(process => Read(process, "environ").Contains($"PILOTHOUSE_REPLICA={dataDirectory}", StringComparison.Ordinal))];

    /// <summary>The markers of the same; several processes of one replica carry the same one.</summary>
    public static IEnumerable<string> ReplicasOf(string dataDirectory) => OfReplicas(dataDirectory)
        .Select(process => Read(process, "environ").Split('\0').FirstOrDefault(line => line.StartsWith("PILOTHOUSE_REPLICA=", StringComparison.Ordinal)))
        .OfType<string>();

    /// <summary>Programs of builds: every process whose working directory or arguments are below the directory's work folders.</summary>
    public static IReadOnlyList<int> OfBuilds(string dataDirectory) =>
        [.. All().Where(process => Read(process, "cmdline").Contains(Path.Combine(dataDirectory, "builds"), StringComparison.Ordinal)
            || (Link(process, "cwd")?.StartsWith(Path.Combine(dataDirectory, "builds"), StringComparison.Ordinal) ?? false))];

    private static IEnumerable<int> All() => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), out var process) ? process : 0)
        .Where(process => process > 0 && !Read(process, "status").Contains("State:\tZ", StringComparison.Ordinal));

    private static string Read(int process, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/{file}");
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string? Link(int process, string file)
    {
        try
        {
            return new FileInfo($"/proc/{process}/{file}").LinkTarget;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
