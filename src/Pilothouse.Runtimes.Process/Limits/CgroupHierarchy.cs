namespace Pilothouse.Runtimes.Process.Limits;

/// <summary>Where a controller's tree lets us create groups of our own.</summary>
/// <param name="Version">1 or 2.</param>
/// <param name="Memory">Directory below which groups with a memory limit can be created; null when there is none.</param>
/// <param name="Cpu">The same for CPU; in version 2 the same directory.</param>
internal sealed record CgroupHierarchy(int Version, string? Memory, string? Cpu)
{
    /// <summary>Ours within version 2, where a group with processes of its own may not share out controllers.</summary>
    private const string OwnLeaf = "pilothouse-serve";

    /// <param name="mounts">Text of <c>/proc/self/mounts</c>.</param>
    /// <param name="own">Text of <c>/proc/self/cgroup</c>: <c>4:memory:/a/b</c> (version 1) or <c>0::/a/b</c> (version 2).</param>
    /// <returns>Null when neither controller can be had; then no directory was made.</returns>
    public static CgroupHierarchy? Find(string mounts, string own)
    {
        var points = mounts.Split('\n').Select(line => line.Split(' ')).Where(fields => fields.Length >= 4).ToList();
        var paths = own.Split('\n').Select(line => line.Split(':', 3)).Where(fields => fields.Length == 3).ToList();

        if (paths.Find(fields => fields[0] is "0" && fields[1].Length == 0) is { } unified
            && points.Find(fields => fields[2] is "cgroup2") is { } point
            && Unified(Below(point[1], unified[2])) is { } version2)
            return version2;

        string? Version1(string controller) =>
            points.Find(fields => fields[2] is "cgroup" && fields[3].Split(',').Contains(controller, StringComparer.Ordinal)) is { } found
            && paths.Find(fields => fields[1].Split(',').Contains(controller, StringComparer.Ordinal)) is { } path
            && IsWritable(Below(found[1], path[2]))
                ? Below(found[1], path[2])
                : null;

        var (memory, cpu) = (Version1("memory"), Version1("cpu"));
        return memory is null && cpu is null ? null : new CgroupHierarchy(1, memory, cpu);
    }

    /// <summary>Null when this group's controllers are not ours to share out.</summary>
    private static CgroupHierarchy? Unified(string directory)
    {
        var controllers = Words(Path.Combine(directory, "cgroup.controllers"));
        string[] wanted = [.. ((string[])["memory", "cpu"]).Where(controllers.Contains)];
        if (wanted.Length == 0 || !IsWritable(directory)) return null;

        var subtree = Path.Combine(directory, "cgroup.subtree_control");
        if (!wanted.All(Words(subtree).Contains) && !Share(directory, subtree, wanted)) return null;
        return new CgroupHierarchy(
            2, wanted.Contains("memory", StringComparer.Ordinal) ? directory : null, wanted.Contains("cpu", StringComparer.Ordinal) ? directory : null);
    }

    private static bool Share(string directory, string subtree, string[] controllers)
    {
        var wish = string.Join(' ', controllers.Select(controller => "+" + controller));
        if (TryWrite(subtree, wish)) return true;

        // EBUSY: we are in it ourselves. A service that was given its group (Delegate=yes) may move into a leaf.
        var leaf = Path.Combine(directory, OwnLeaf);
        try
        {
            Directory.CreateDirectory(leaf);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }

        return TryWrite(Path.Combine(leaf, "cgroup.procs"), Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture))
            && TryWrite(subtree, wish);
    }

    /// <summary>In a container the path may be the host's, and the mount our own part of it.</summary>
    private static string Below(string mount, string path)
    {
        var directory = mount + (path is "/" ? "" : path);
        return Directory.Exists(directory) ? directory : mount;
    }

    private static bool IsWritable(string directory)
    {
        // Asking for permission is not enough: the file system may be mounted read-only.
        var probe = Path.Combine(directory, $"pilothouse-probe-{Environment.ProcessId}-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(probe);
            Directory.Delete(probe);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string[] Words(string file) =>
        Sweeping.ProcessTable.ReadText(file)?.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static bool TryWrite(string file, string text)
    {
        try
        {
            File.WriteAllText(file, text);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
