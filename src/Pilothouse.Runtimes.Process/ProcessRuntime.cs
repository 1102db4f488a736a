using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pilothouse.Core.Runtimes;
using Pilothouse.Runtimes.Process.Limits;
using Pilothouse.Runtimes.Process.Native;
using Pilothouse.Runtimes.Process.Probing;
using Pilothouse.Runtimes.Process.Sweeping;

namespace Pilothouse.Runtimes.Process;

/// <summary>Agent servers as supervised child processes of this one (Linux).</summary>
internal sealed class ProcessRuntime : IRuntime
{
    private readonly Lock _lock = new();
    private readonly Lazy<RuntimeParts> _parts;
    private ImmutableDictionary<ReplicaName, Replica> _replicas = ImmutableDictionary<ReplicaName, Replica>.Empty;
    private Task? _disposal;

    public ProcessRuntime(
        IOptions<ProcessRuntimeOptions> options, IEnumerable<IReplicaObserver> observers, TimeProvider time, ILogger<ProcessRuntime> logger,
        RuntimeMetrics? metrics = null)
    {
        _parts = new Lazy<RuntimeParts>(() => Create(options.Value, [.. observers], time, logger) with { Metrics = metrics });
    }

    public string Kind => "process";

    /// <summary>How limits are enforced on this machine, for people.</summary>
    public string Limits => _parts.Value.Limits.Description;

    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        if (!Volatile.Read(ref _replicas).IsEmpty) throw new InvalidOperationException("Replicas run already; a sweep comes before them.");
        var parts = _parts.Value;
        var count = await new Sweep(parts.Options, parts.Limits, parts.Records, parts.Time, parts.Logger).RunAsync(cancellationToken);
        if (count > 0) parts.Logger.LeftoversEnded(count);
        return count;
    }

    public IReadOnlyList<ReplicaStatus> List() => [.. Volatile.Read(ref _replicas).Values.Select(replica => replica.Status)];

    public ReplicaStatus? Find(ReplicaName name) => Volatile.Read(ref _replicas).GetValueOrDefault(name)?.Status;

    public async Task<ReplicaStatus> StartAsync(ReplicaSpec spec, CancellationToken cancellationToken)
    {
        while (true)
        {
            var replica = FindOrAdd(spec);
            if (replica.IsStopping || replica.Over.IsCompleted)
            {
                await replica.Over.WaitAsync(cancellationToken);
                Forget(replica);
                continue;
            }

            try
            {
                await replica.Begun.WaitAsync(cancellationToken);
            }
            catch (RuntimeUnavailableException)
            {
                await replica.Over;
                Forget(replica);
                throw;
            }

            return replica.Status;
        }
    }

    public async Task StopAsync(ReplicaName name, TimeSpan stopLimit, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _replicas).GetValueOrDefault(name) is { } replica)
            await StopAsync(replica, stopLimit).WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Task disposal;
        lock (_lock)
        {
            disposal = _disposal ??= StopAllAsync();
        }

        await disposal;
    }

    private async Task StopAllAsync()
    {
        await Task.WhenAll(Volatile.Read(ref _replicas).Values.Select(replica => StopAsync(replica, replica.Spec.Launch.StopLimit)));
        if (!_parts.IsValueCreated) return;
        _parts.Value.Children.Dispose();
        _parts.Value.Probe.Dispose();
        _parts.Value.Limits.RemoveAll();
    }

    private async Task StopAsync(Replica replica, TimeSpan limit)
    {
        await replica.StopAsync(limit);
        Forget(replica);
    }

    private Replica FindOrAdd(ReplicaSpec spec)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            if (_replicas.TryGetValue(spec.Name, out var there)) return there;
            var replica = new Replica(spec, _parts.Value);
            Volatile.Write(ref _replicas, _replicas.Add(spec.Name, replica));
            replica.Begin();
            return replica;
        }
    }

    /// <summary>Only this one: another of the same name may be there by now.</summary>
    private void Forget(Replica replica)
    {
        lock (_lock)
        {
            if (_replicas.GetValueOrDefault(replica.Spec.Name) == replica)
                Volatile.Write(ref _replicas, _replicas.Remove(replica.Spec.Name));
        }
    }

    private static RuntimeParts Create(
        ProcessRuntimeOptions options, IReadOnlyList<IReplicaObserver> observers, TimeProvider time, ILogger logger)
    {
        const string systemPath = "/usr/bin:/bin:/usr/local/bin";
        var setpriv = LaunchPlan.FindProgram("setpriv", systemPath);
        if (setpriv is null) logger.DeathSignalMissing();

        var limits = FindLimits(options, time);
        logger.RuntimeFound(limits.Description);
        var children = new ChildLoop();
        children.Start();
        return new RuntimeParts(
            options, children, limits, new ReplicaRecords(options.ReplicasDirectory, logger), new HealthProbe(options.ProbeLimit, time),
            new PortPicker(options.FirstPort, options.LastPort), setpriv, new ReplicaObservers(observers, logger), time, logger);
    }

    private static IResourceLimits FindLimits(ProcessRuntimeOptions options, TimeProvider time)
    {
        var hierarchy = options.UsesCgroups
            ? CgroupHierarchy.Find(ProcessTable.ReadText("/proc/self/mounts") ?? "", ProcessTable.ReadText("/proc/self/cgroup") ?? "")
            : null;
        return hierarchy is null
            ? new WatchedLimits(options.MeasureInterval, time)
            : new CgroupLimits(hierarchy, CgroupLimits.ParentName(options.ReplicasDirectory));
    }
}
