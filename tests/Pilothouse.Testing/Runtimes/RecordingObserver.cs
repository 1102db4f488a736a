using System.Collections.Concurrent;
using Pilothouse.Core;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Testing.Runtimes;

/// <summary>Keeps everything it hears, in order.</summary>
public sealed class RecordingObserver : IReplicaObserver
{
    private readonly ConcurrentQueue<DeploymentId> _changes = new();
    private readonly ConcurrentQueue<ReplicaLogLine> _lines = new();

    public IReadOnlyCollection<DeploymentId> Changes => _changes;

    public IReadOnlyCollection<ReplicaLogLine> Lines => _lines;

    public void Changed(DeploymentId deployment) => _changes.Enqueue(deployment);

    public void Logged(ReplicaLogLine line) => _lines.Enqueue(line);
}
