using System.Text;
using Pilothouse.Runtimes.Process.Native;

namespace Pilothouse.Runtimes.Process.Sweeping;

/// <summary>
/// Finds and ends all processes of replicas: by session and group, by cgroup, and by an environment variable that children inherit; one that
/// left its group is still in the cgroup, one that overwrote its environment is still in the group.
/// </summary>
/// <param name="marker">Beginning of <c>PILOTHOUSE_REPLICA=…</c>; names the data directory, so that no other control plane's processes match.</param>
/// <param name="inCgroups">Numbers of the processes in the replicas' cgroups.</param>
/// <param name="sessions">Leaders of sessions; the number of one that was reaped may mean somebody else, and is passed over.</param>
internal sealed class Members(string marker, Func<IReadOnlyCollection<int>> inCgroups, params IReadOnlyList<ProcessIdentity> sessions)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(10);
    private readonly byte[] _marker = Encoding.UTF8.GetBytes(marker);

    public static string MarkerOf(string replicasDirectory, string name) =>
        $"{LaunchPlan.MarkerVariable}={replicasDirectory}/{name}";

    public IReadOnlyList<ProcessEntry> Find()
    {
        var belongs = Known();
        return
        [
            .. ProcessTable.All().Where(entry => entry.IsAlive && entry.Identity.Id != Environment.ProcessId
                && (belongs(entry) || ProcessTable.HasVariable(entry.Identity.Id, _marker))),
        ];
    }

    /// <summary>The same in what somebody saw just now.</summary>
    public IReadOnlyList<ProcessEntry> FindIn(IReadOnlyList<SeenProcess> seen)
    {
        var belongs = Known();
        return
        [
            .. seen.Where(process => process.Entry.Identity.Id != Environment.ProcessId
                    && (belongs(process.Entry) || process.Marker.AsSpan().StartsWith(_marker)))
                .Select(process => process.Entry),
        ];
    }

    /// <summary>What the kernel itself says of a process: its session, its group, its cgroup.</summary>
    private Func<ProcessEntry, bool> Known()
    {
        var cgroups = inCgroups();
        var numbers = sessions
            .Where(session => ProcessTable.Find(session.Id)?.Identity == session)
            .Select(session => session.Id)
            .ToHashSet();
        return entry => numbers.Contains(entry.Session) || numbers.Contains(entry.Group) || cgroups.Contains(entry.Identity.Id);
    }

    /// <returns>False when some are left after <paramref name="limit"/>.</returns>
    public async Task<bool> WaitUntilGoneAsync(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (Find().Count > 0)
        {
            if (time.GetElapsedTime(started) >= limit) return false;
            await Task.Delay(LookInterval, time, cancellationToken);
        }

        return true;
    }

    public static void Signal(IEnumerable<ProcessEntry> entries, int signal)
    {
        foreach (var entry in entries)
            ProcessTable.Signal(entry.Identity, signal);
    }

    /// <summary>Kills until none is left: what forks faster than one look finds is caught by the next.</summary>
    /// <returns>False when some cannot be killed (stuck in the kernel).</returns>
    public async Task<bool> KillAsync(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (Find() is { Count: > 0 } left)
        {
            if (time.GetElapsedTime(started) >= limit) return false;
            Signal(left, Libc.Kill);
            await Task.Delay(LookInterval, time, cancellationToken);
        }

        return true;
    }
}
