using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pilothouse.Core.Deployments;
using Pilothouse.Runtimes.Process.Native;
using Pilothouse.Runtimes.Process.Sweeping;

namespace Pilothouse.Runtimes.Process.Limits;

/// <summary>Limits by the kernel: one group for each replica, below one for the data directory.</summary>
/// <param name="hierarchy">Where groups can be created.</param>
/// <param name="parentName">Name of the data directory's group.</param>
internal sealed class CgroupLimits(CgroupHierarchy hierarchy, string parentName) : IResourceLimits
{
    private static readonly EnumerationOptions s_allBelow =
        new() { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None };

    private readonly string[] _parents =
    [
        .. ((string?[])[hierarchy.Memory, hierarchy.Cpu]).OfType<string>().Distinct(StringComparer.Ordinal)
            .Select(directory => Path.Combine(directory, parentName)),
    ];

    /// <summary>The same for the same data directory, so that the next control plane finds what this one left.</summary>
    public static string ParentName(string replicasDirectory) =>
        "pilothouse-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(replicasDirectory)))[..12];

    public string Description
    {
        get
        {
            var controllers = (hierarchy.Memory, hierarchy.Cpu) switch
            {
                (not null, not null) => "memory, cpu",
                (not null, null) => "memory; cpu by priority",
                _ => "cpu; memory unlimited",
            };
            return $"cgroup v{hierarchy.Version} ({controllers})";
        }
    }

    public IEnclosure Open(string name, ReplicaLimits limits)
    {
        foreach (var parent in _parents)
        {
            Directory.CreateDirectory(parent);
            if (hierarchy.Version == 2) ShareWithChildren(parent);
            Directory.CreateDirectory(Path.Combine(parent, name));
        }

        var memory = hierarchy.Memory is { } memoryRoot ? Path.Combine(memoryRoot, parentName, name) : null;
        var cpu = hierarchy.Cpu is { } cpuRoot ? Path.Combine(cpuRoot, parentName, name) : null;
        foreach (var (file, value) in Settings(hierarchy.Version, memory, cpu, limits))
        {
            // Absent where the kernel does not count swap.
            if (file.Contains(".memsw.", StringComparison.Ordinal) || file.Contains(".swap.", StringComparison.Ordinal))
                if (!File.Exists(file)) continue;
            File.WriteAllText(file, value);
        }

        return new Enclosure(hierarchy, memory, cpu);
    }

    public IReadOnlyCollection<int> AllMembers() =>
        [.. _parents.SelectMany(Groups).SelectMany(MembersOf).Distinct()];

    public void RemoveAll()
    {
        foreach (var parent in _parents)
        {
            foreach (var group in Groups(parent))
                TryRemove(group);
            TryRemove(parent);
        }
    }

    /// <summary>Files and what is written there, in order: in version 1 the sum with swap may not be below the memory limit.</summary>
    internal static IEnumerable<(string File, string Value)> Settings(int version, string? memory, string? cpu, ReplicaLimits limits)
    {
        const int periodMicroseconds = 100_000;
        var quota = ((long)(limits.CpuCores * periodMicroseconds)).ToString(CultureInfo.InvariantCulture);
        var period = periodMicroseconds.ToString(CultureInfo.InvariantCulture);
        var bytes = limits.MemoryBytes.ToString(CultureInfo.InvariantCulture);
        if (memory is not null && version == 1)
        {
            yield return (Path.Combine(memory, "memory.limit_in_bytes"), bytes);
            yield return (Path.Combine(memory, "memory.memsw.limit_in_bytes"), bytes);
        }
        else if (memory is not null)
        {
            yield return (Path.Combine(memory, "memory.max"), bytes);
            yield return (Path.Combine(memory, "memory.swap.max"), "0");
        }

        if (cpu is not null && version == 1)
        {
            yield return (Path.Combine(cpu, "cpu.cfs_period_us"), period);
            yield return (Path.Combine(cpu, "cpu.cfs_quota_us"), quota);
        }
        else if (cpu is not null)
        {
            yield return (Path.Combine(cpu, "cpu.max"), $"{quota} {period}");
        }
    }

    /// <param name="text">Of <c>memory.oom_control</c> or <c>memory.events</c>: lines of name and number.</param>
    internal static long ReadKills(string? text)
    {
        foreach (var line in (text ?? "").Split('\n'))
        {
            if (line.StartsWith("oom_kill ", StringComparison.Ordinal)
                && long.TryParse(line.AsSpan("oom_kill ".Length), CultureInfo.InvariantCulture, out var kills))
                return kills;
        }

        return 0;
    }

    private static void ShareWithChildren(string parent)
    {
        var controllers = ProcessTable.ReadText(Path.Combine(parent, "cgroup.controllers"))?.Split([' ', '\n']) ?? [];
        var wish = string.Join(' ', controllers.Where(name => name is "memory" or "cpu").Select(name => "+" + name));
        File.WriteAllText(Path.Combine(parent, "cgroup.subtree_control"), wish);
    }

    private static IEnumerable<string> Groups(string parent) =>
        Directory.Exists(parent) ? Directory.EnumerateDirectories(parent, "*", s_allBelow).Reverse() : [];

    private static IEnumerable<int> MembersOf(string group) =>
        (ProcessTable.ReadText(Path.Combine(group, "cgroup.procs")) ?? "")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => int.Parse(line, CultureInfo.InvariantCulture));

    private static void TryRemove(string group)
    {
        try
        {
            if (Directory.Exists(group)) Directory.Delete(group);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A zombie is still in it; the next sweep removes it.
        }
    }

    private sealed class Enclosure(CgroupHierarchy hierarchy, string? memory, string? cpu) : IEnclosure
    {
        private const int LowerPriority = 5;

        private readonly string[] _groups = [.. ((string?[])[memory, cpu]).OfType<string>().Distinct(StringComparer.Ordinal)];

        public bool Enter(int processId)
        {
            if (cpu is null) _ = Libc.SetPriority(Libc.PriorityOfGroup, (uint)processId, LowerPriority);
            return EnterTree(processId);
        }

        public IReadOnlyCollection<int> Members() => [.. _groups.SelectMany(MembersOf).Distinct()];

        public long OutOfMemoryKills() => memory is null
            ? 0
            : ReadKills(ProcessTable.ReadText(Path.Combine(memory, hierarchy.Version == 1 ? "memory.oom_control" : "memory.events")));

        public Task GuardAsync(Members members, CancellationToken cancellationToken) =>
            Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);

        public void Remove()
        {
            foreach (var group in _groups)
            {
                foreach (var below in Groups(group))
                    TryRemove(below);
                TryRemove(group);
            }
        }

        /// <summary>With the children that it started in the moment since it is there itself.</summary>
        private bool EnterTree(int processId)
        {
            try
            {
                foreach (var group in _groups)
                    File.WriteAllText(Path.Combine(group, "cgroup.procs"), processId.ToString(CultureInfo.InvariantCulture));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return ProcessTable.Find(processId) is not { IsAlive: true };
            }

            var children = ProcessTable.ReadText($"/proc/{processId}/task/{processId}/children") ?? "";
            return children.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .All(child => EnterTree(int.Parse(child, CultureInfo.InvariantCulture)));
        }
    }
}
