using System.Globalization;
using Pilothouse.Core.Deployments;
using Pilothouse.Runtimes.Process.Native;
using Pilothouse.Runtimes.Process.Sweeping;

namespace Pilothouse.Runtimes.Process.Limits;

/// <summary>
/// Limits where no cgroup can be had: memory is measured and what is above its limit killed, CPU is held by lower priority. Not
/// RLIMIT_AS or RLIMIT_DATA: both count what is reserved but not used, and Node reserves gigabytes.
/// </summary>
internal sealed class WatchedLimits(TimeSpan lookInterval, TimeProvider time) : IResourceLimits
{
    private readonly Lock _lock = new();
    private IReadOnlyList<SeenProcess> _seen = [];
    private long? _looked;

    public string Description => "measuring (memory each second, cpu by priority)";

    public IEnclosure Open(string name, ReplicaLimits limits) => new Enclosure(limits.MemoryBytes, lookInterval, Look, time);

    public IReadOnlyCollection<int> AllMembers() => [];

    public void RemoveAll()
    {
        // Nothing outlives the process.
    }

    /// <summary>One look at all processes of the machine serves all replicas: it costs milliseconds, and more with each replica.</summary>
    private IReadOnlyList<SeenProcess> Look()
    {
        lock (_lock)
        {
            if (_looked is { } looked && time.GetElapsedTime(looked) < lookInterval / 2) return _seen;
            _seen = ProcessTable.Look();
            _looked = time.GetTimestamp();
            return _seen;
        }
    }

    private sealed class Enclosure(long memoryBytes, TimeSpan lookInterval, Func<IReadOnlyList<SeenProcess>> look, TimeProvider time) : IEnclosure
    {
        private const int LowerPriority = 5;
        private long _kills;

        public bool Enter(int processId)
        {
            _ = Libc.SetPriority(Libc.PriorityOfGroup, (uint)processId, LowerPriority);
            return true;
        }

        public IReadOnlyCollection<int> Members() => [];

        public long OutOfMemoryKills() => Interlocked.Read(ref _kills);

        public async Task GuardAsync(Members members, CancellationToken cancellationToken)
        {
            using var timer = new PeriodicTimer(lookInterval, time);
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var found = members.FindIn(look());
                // Resident sizes count shared pages once for each process, so they only say when it is worth the dearer look.
                if (found.Sum(entry => Resident(entry.Identity.Id)) <= memoryBytes) continue;
                if (found.Sum(entry => Proportional(entry.Identity.Id)) <= memoryBytes) continue;
                Interlocked.Increment(ref _kills);
                Sweeping.Members.Signal(found, Libc.Kill);
            }
        }

        public void Remove()
        {
            // Nothing was made.
        }

        /// <summary>Second number of <c>/proc/PID/statm</c>, in pages.</summary>
        private static long Resident(int processId)
        {
            var fields = (ProcessTable.ReadText($"/proc/{processId}/statm") ?? "").Split(' ');
            return fields.Length > 1 ? long.Parse(fields[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize : 0;
        }

        /// <summary><c>Pss:  1234 kB</c> of <c>/proc/PID/smaps_rollup</c>: shared pages divided among who shares them.</summary>
        private static long Proportional(int processId)
        {
            const string name = "Pss:";
            foreach (var line in (ProcessTable.ReadText($"/proc/{processId}/smaps_rollup") ?? "").Split('\n'))
            {
                if (!line.StartsWith(name, StringComparison.Ordinal)) continue;
                var number = line.AsSpan(name.Length).Trim();
                return 1024 * long.Parse(number[..number.IndexOf(' ')], CultureInfo.InvariantCulture);
            }

            return 0;
        }
    }
}
