using System.Globalization;
using System.Text;
using Pilothouse.Builds.Native;

namespace Pilothouse.Builds.Sandbox;

/// <summary>
/// The processes of one build, wherever they have put themselves: those with the build's marker in their environment, their sessions, and all that
/// descends from them. A marker is the build's folder, then <c>#</c>, the number of the command and <c>;</c>, so that its beginnings mean all. Reads <c>/proc</c>, where everything may vanish at any moment, and then was not there.
/// </summary>
internal static class MarkedProcesses
{
    public const string Variable = "PILOTHOUSE_BUILD";

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);

    /// <param name="folder">Of the build.</param>
    public static string OfBuild(string folder) => $"{folder}#";

    public static string OfCommand(string folder, int number) => $"{OfBuild(folder)}{number};";

    /// <param name="marker">Or the beginning of it.</param>
    public static IReadOnlyList<int> Find(string marker)
    {
        if (!OperatingSystem.IsLinux()) return [];
        var wanted = Encoding.UTF8.GetBytes($"{Variable}={marker}");
        var all = All().Where(entry => entry.Id != Environment.ProcessId).ToArray();
        var found = all.Where(entry => HasVariable(entry.Id, wanted)).Select(entry => entry.Id).ToHashSet();
        if (found.Count == 0) return [];

        // A session belongs to the build when its first process does.
        bool grew;
        do
        {
            grew = false;
            foreach (var entry in all)
                if (!found.Contains(entry.Id) && (found.Contains(entry.Parent) || found.Contains(entry.Session))) grew |= found.Add(entry.Id);
        }
        while (grew);
        return [.. found];
    }

    /// <summary>Returns when none is left.</summary>
    public static async Task KillAsync(string marker, TimeProvider time, CancellationToken cancellationToken)
    {
        while (Find(marker) is { Count: > 0 } found)
        {
            foreach (var id in found) _ = Libc.SendSignal(id, Libc.Kill);
            await Task.Delay(s_pause, time, cancellationToken);
        }
    }

    /// <summary>Resident bytes of all together; pages that several share count once where the kernel tells.</summary>
    public static long MemoryBytes(IReadOnlyList<int> ids, long interesting)
    {
        // Resident sizes count shared pages once for each process, so they only say when it is worth the dearer look.
        var resident = ids.Sum(Resident);
        return resident <= interesting ? resident : ids.Sum(Proportional);
    }

    private static IEnumerable<(int Id, int Parent, int Session)> All()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var id)) continue;
            // E.g. "812 (node (x) y) S 1 812 812 …": the name may hold anything, so fields are counted after its last bracket.
            var text = Encoding.UTF8.GetString(Read($"/proc/{id}/stat"));
            var fields = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            // A zombie has ended.
            if (fields.Length > 4 && fields[0] is not ("Z" or "X"))
                yield return (id, int.Parse(fields[1], CultureInfo.InvariantCulture), int.Parse(fields[3], CultureInfo.InvariantCulture));
        }
    }

    private static bool HasVariable(int id, ReadOnlySpan<byte> wanted)
    {
        var environment = Read($"/proc/{id}/environ").AsSpan();
        var at = environment.IndexOf(wanted);
        return at == 0 || at > 0 && environment[at - 1] == 0;
    }

    /// <summary>Second number of <c>/proc/PID/statm</c>, in pages.</summary>
    private static long Resident(int id)
    {
        var fields = Encoding.ASCII.GetString(Read($"/proc/{id}/statm")).Split(' ');
        return fields.Length > 1 ? long.Parse(fields[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize : 0;
    }

    /// <summary><c>Pss:  1234 kB</c> of <c>/proc/PID/smaps_rollup</c>: shared pages divided among who shares them.</summary>
    private static long Proportional(int id)
    {
        const string name = "Pss:";
        var line = Encoding.ASCII.GetString(Read($"/proc/{id}/smaps_rollup")).Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        if (line is null) return Resident(id);
        return 1024 * long.Parse(line[name.Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);
    }

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
