using Pilothouse.Core.Runtimes;
using Pilothouse.Runtimes.Process.Limits;
using Pilothouse.Runtimes.Process.Native;
using Pilothouse.Runtimes.Process.Probing;
using Pilothouse.Runtimes.Process.Sweeping;

namespace Pilothouse.Runtimes.Process.Tests.World;

/// <summary>One replica with limits of the test's own, without the runtime around it.</summary>
internal sealed class Supervised : IAsyncDisposable
{
    private readonly RuntimeParts _parts;

    public Supervised(ProcessRuntimeOptions options, ReplicaSpec spec, IResourceLimits limits)
    {
        var children = new ChildLoop();
        children.Start();
        _parts = new RuntimeParts(
            options, children, limits, new ReplicaRecords(options.ReplicasDirectory, Logger), new HealthProbe(options.ProbeLimit, TimeProvider.System),
            new PortPicker(options.FirstPort, options.LastPort), Setpriv: null, new ReplicaObservers([], Logger), TimeProvider.System, Logger);
        Replica = new Replica(spec, _parts);
    }

    public Replica Replica { get; }

    public RecordingLogger Logger { get; } = new();

    public ReplicaRecords Records => _parts.Records;

    public async ValueTask DisposeAsync()
    {
        await Replica.StopAsync(TimeSpan.FromSeconds(10));
        _parts.Children.Dispose();
        _parts.Probe.Dispose();
    }
}
