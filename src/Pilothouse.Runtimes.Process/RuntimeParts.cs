using Microsoft.Extensions.Logging;
using Pilothouse.Runtimes.Process.Limits;
using Pilothouse.Runtimes.Process.Native;
using Pilothouse.Runtimes.Process.Probing;
using Pilothouse.Runtimes.Process.Sweeping;

namespace Pilothouse.Runtimes.Process;

/// <summary>What all replicas of one runtime share.</summary>
/// <param name="Metrics">Null: nobody measures.</param>
/// <param name="Setpriv">Absolute path of util-linux's program; null without it.</param>
internal sealed record RuntimeParts(
    ProcessRuntimeOptions Options,
    ChildLoop Children,
    IResourceLimits Limits,
    ReplicaRecords Records,
    HealthProbe Probe,
    PortPicker Ports,
    string? Setpriv,
    ReplicaObservers Observers,
    TimeProvider Time,
    ILogger Logger,
    RuntimeMetrics? Metrics = null);
