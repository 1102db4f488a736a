using System.Globalization;
using Pilothouse.Builds.Native;

namespace Pilothouse.Builds.Sandbox;

/// <summary>
/// A control group for the processes of one build, where one can be had: the kernel then holds memory and processes to their limits, and knows
/// members that hide from everybody else. Where none can be had, <see cref="BuildWatch"/> measures.
/// </summary>
internal sealed class BuildGroup
{
    private const string Prefix = "pilothouse-build-";

    private readonly string[] _folders;

    private BuildGroup(string[] folders) => _folders = folders;

    /// <param name="name">Of the build; what a dead one left under it is replaced.</param>
    /// <param name="root">Of the build's folder.</param>
    public static BuildGroup? TryOpen(string name, string root, BuildsOptions limits)
    {
        var roots = Roots();
        if (roots.Length == 0) return null;
        var group = new BuildGroup([.. roots.Select(above => Path.Combine(above, Prefix + name))]);
        try
        {
            foreach (var folder in group._folders)
            {
                Directory.CreateDirectory(folder);
                // In version 1 the sum with swap may not be below the memory limit, so the order matters.
                foreach (var (file, value) in ((string, long)[])[
                    ("memory.limit_in_bytes", limits.MemoryBytes), ("memory.memsw.limit_in_bytes", limits.MemoryBytes),
                    ("memory.max", limits.MemoryBytes), ("memory.swap.max", 0), ("memory.oom.group", 1), ("pids.max", limits.Processes)])
                    if (File.Exists(Path.Combine(folder, file))) File.WriteAllText(Path.Combine(folder, file), value.ToString(CultureInfo.InvariantCulture));
                HoldWrites(folder, root, limits.DiskWriteBytesPerSecond);
            }

            return group;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            group.Remove();
            return null;
        }
    }

    /// <summary>Puts a process there, with the children that it started in the moment since it is there itself.</summary>
    public void Enter(int id)
    {
        try
        {
            foreach (var folder in _folders) File.WriteAllText(Path.Combine(folder, "cgroup.procs"), id.ToString(CultureInfo.InvariantCulture));
            foreach (var child in Lines($"/proc/{id}/task/{id}/children", ' ')) Enter(int.Parse(child, CultureInfo.InvariantCulture));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Over already, or not ours: the watch still measures it.
        }
    }

    /// <summary>
    /// Where the kernel can hold writes to a rate, on the disk below the build's folder: version 1 those that a program waits for, version 2 all
    /// (Documentation/admin-guide/cgroup-v2.rst, "Writeback"). Network and layered file systems have no disk of theirs, and stay as they are.
    /// </summary>
    private static void HoldWrites(string folder, string root, long? bytesPerSecond)
    {
        if (bytesPerSecond is not { } rate || Disk(root) is not { } disk) return;
        try
        {
            foreach (var (file, text) in ((string, string)[])[("blkio.throttle.write_bps_device", $"{disk} {rate}"), ("io.max", $"{disk} wbps={rate}")])
                if (File.Exists(Path.Combine(folder, file))) File.WriteAllText(Path.Combine(folder, file), text);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The other limits count without it.
        }
    }

    /// <returns>As <c>254:0</c>, of the whole disk where the file system is on a part of one; null when there is none.</returns>
    private static string? Disk(string folder)
    {
        if (Libc.Device(folder) is not { } device) return null;
        var entry = $"/sys/dev/block/{device}";
        if (!Directory.Exists(entry)) return null;
        if (!File.Exists($"{entry}/partition")) return device;
        var whole = Path.GetDirectoryName(Directory.ResolveLinkTarget(entry, returnFinalTarget: true)?.FullName);
        return whole is null ? null : Lines($"{whole}/dev", '\n').FirstOrDefault();
    }

    /// <summary>How many processes the memory limit has killed.</summary>
    public long OutOfMemoryKills() => Count("memory.oom_control", "oom_kill ") + Count("memory.events", "oom_kill ");

    /// <summary>How many processes could not be started because there were too many.</summary>
    public long RefusedProcesses() => Count("pids.events", "max ");

    public void Kill()
    {
        foreach (var id in _folders.SelectMany(folder => Lines(Path.Combine(folder, "cgroup.procs"), '\n')).Distinct(StringComparer.Ordinal))
            _ = Libc.SendSignal(int.Parse(id, CultureInfo.InvariantCulture), Libc.Kill);
    }

    public void Remove()
    {
        foreach (var folder in _folders) TryRemove(folder);
    }

    /// <summary>Removes what killed control planes left; a group with processes in it stays.</summary>
    public static void RemoveEmpty()
    {
        foreach (var root in Roots())
            foreach (var folder in Directory.GetDirectories(root, Prefix + "*"))
                TryRemove(folder);
    }

    /// <summary>Folders in which groups with limits can be made: in version 1 one for each controller, in version 2 one where it shares memory out.</summary>
    private static string[] Roots()
    {
        var mounts = Lines("/proc/self/mounts", '\n').Select(line => line.Split(' ')).Where(fields => fields.Length >= 4).ToArray();
        var roots = new List<string>();
        foreach (var line in Lines("/proc/self/cgroup", '\n'))
        {
            // "4:memory:/a/b", or "0::/a/b" of version 2. In a container the path may be the host's, and the mount our own part of it.
            if (line.Split(':', 3) is not [_, var controllers, var path]) continue;
            var isUnified = controllers.Length == 0;
            var names = controllers.Split(',');
            if (!isUnified && !names.Any(name => name is "memory" or "pids" or "blkio")) continue;
            var mount = Array.Find(mounts, fields => isUnified ? fields[2] is "cgroup2" : fields[2] is "cgroup" && names.All(fields[3].Split(',').Contains));
            if (mount is null) continue;
            var root = Directory.Exists(mount[1] + path) ? mount[1] + path.TrimEnd('/') : mount[1];
            if (!isUnified || Lines(Path.Combine(root, "cgroup.subtree_control"), ' ').Contains("memory", StringComparer.Ordinal)) roots.Add(root);
        }

        return [.. roots.Distinct(StringComparer.Ordinal)];
    }

    private long Count(string file, string name) => _folders
        .SelectMany(folder => Lines(Path.Combine(folder, file), '\n'))
        .Where(line => line.StartsWith(name, StringComparison.Ordinal))
        .Sum(line => long.Parse(line[name.Length..], CultureInfo.InvariantCulture));

    private static string[] Lines(string file, char separator)
    {
        try
        {
            return File.ReadAllText(file).Trim().Split(separator, StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static void TryRemove(string folder)
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A zombie is still in it; the next start removes it.
        }
    }
}
