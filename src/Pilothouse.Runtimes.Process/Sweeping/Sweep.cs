using Microsoft.Extensions.Logging;
using Pilothouse.Core.Runtimes;
using Pilothouse.Runtimes.Process.Limits;
using Pilothouse.Runtimes.Process.Native;

namespace Pilothouse.Runtimes.Process.Sweeping;

/// <summary>Ends what an earlier, killed control plane of this data directory left running, and removes its traces.</summary>
internal sealed class Sweep(ProcessRuntimeOptions options, IResourceLimits limits, ReplicaRecords records, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan RestLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(10);

    /// <returns>How many processes were ended.</returns>
    /// <exception cref="RuntimeUnavailableException">Some cannot be killed; nothing may start on their state. Safe to retry.</exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var known = records.ReadAll();
        var leaders = known
            .Where(record => record.ProcessId > 0 && string.Equals(record.BootId, ProcessTable.BootId, StringComparison.Ordinal))
            .GroupBy(record => new ProcessIdentity(record.ProcessId, record.StartTicks))
            .ToDictionary(records => records.Key, records => records.Any(record => record.EndsWithUs));
        var members = new Members(Members.MarkerOf(options.ReplicasDirectory, ""), limits.AllMembers, [.. leaders.Keys]);

        var found = members.Find();
        if (found.Count > 0)
        {
            var told = leaders.Where(pair => pair.Value).Select(pair => pair.Key).ToHashSet();
            await LetLeadersFlushAsync(members, told, cancellationToken);
            await EndRestAsync(members, cancellationToken);
        }

        RemoveTraces(known);
        return found.Count;
    }

    /// <summary>Only leaders have state to write; the kernel told most of them already when the control plane died, and a second signal could break that off.</summary>
    private async Task LetLeadersFlushAsync(Members members, HashSet<ProcessIdentity> told, CancellationToken cancellationToken)
    {
        Members.Signal(Leaders(members).Where(entry => !told.Contains(entry.Identity)), Libc.Term);
        if (await LeadersGoneAsync(members, options.SweepLimit / 2, cancellationToken)) return;
        Members.Signal(Leaders(members).Where(entry => told.Contains(entry.Identity)), Libc.Term);
        await LeadersGoneAsync(members, options.SweepLimit / 2, cancellationToken);
    }

    private async Task EndRestAsync(Members members, CancellationToken cancellationToken)
    {
        Members.Signal(members.Find().Where(entry => !IsLeader(entry)), Libc.Term);
        await members.WaitUntilGoneAsync(Leaders(members).Any() ? TimeSpan.Zero : RestLimit, time, cancellationToken);
        if (!await members.KillAsync(KillLimit, time, cancellationToken))
            throw new RuntimeUnavailableException("Processes of an earlier control plane cannot be killed: the kernel holds them.");
    }

    private async Task<bool> LeadersGoneAsync(Members members, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (Leaders(members).Any())
        {
            if (time.GetElapsedTime(started) >= limit) return false;
            await Task.Delay(LookInterval, time, cancellationToken);
        }

        return true;
    }

    private static IEnumerable<ProcessEntry> Leaders(Members members) => members.Find().Where(IsLeader);

    private static bool IsLeader(ProcessEntry entry) => entry.Identity.Id == entry.Session;

    /// <summary>The record of what could not be removed stays for the next sweep; nothing that starts needs what is left.</summary>
    private void RemoveTraces(IReadOnlyList<ReplicaRecord> known)
    {
        var kept = new HashSet<string>(StringComparer.Ordinal);
        foreach (var record in known)
        {
            foreach (var directory in record.Directories.Where(TemporaryDirectory.IsOne))
            {
                if (!Removal.TryDirectory(directory, logger)) kept.Add(record.Name);
            }
        }

        Removal.TryDirectory(options.ScratchDirectory, logger);
        limits.RemoveAll();
        records.RemoveAllBut(kept);
    }
}
