using Microsoft.Extensions.Options;
using Pilothouse.Core;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Listener.Reporting;

/// <summary>
/// Log lines that wait for the control plane. Never blocks: a deployment that has too many loses its oldest, and only its own.
/// </summary>
internal sealed class LogBuffer(IOptions<ListenerOptions> options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<DeploymentId, Queue<ReplicaLogLine>> _queues = [];
    private long _dropped;

    /// <summary>Called when the buffer was empty and is no longer; set once before anything is started.</summary>
    public Action OnArrived { get; set; } = () => { };

    public void Add(ReplicaLogLine line)
    {
        bool wasEmpty;
        lock (_lock)
        {
            wasEmpty = _queues.Count == 0;
            if (!_queues.TryGetValue(line.Deployment, out var queue)) _queues[line.Deployment] = queue = new Queue<ReplicaLogLine>();
            queue.Enqueue(line);
            if (queue.Count > options.Value.LogBufferLines)
            {
                queue.Dequeue();
                _dropped++;
            }
        }

        if (wasEmpty) OnArrived();
    }

    /// <summary>Takes turns between deployments, so that a noisy one does not starve the others.</summary>
    public IReadOnlyList<ReplicaLogLine> Take(int most)
    {
        var taken = new List<ReplicaLogLine>();
        lock (_lock)
        {
            while (taken.Count < most && _queues.Count > 0)
            {
                var share = Math.Max(1, (most - taken.Count) / _queues.Count);
                foreach (var (deployment, queue) in _queues.ToArray())
                {
                    for (var left = Math.Min(share, most - taken.Count); left > 0 && queue.Count > 0; left--)
                        taken.Add(queue.Dequeue());
                    if (queue.Count == 0) _queues.Remove(deployment);
                }
            }
        }

        return taken;
    }

    /// <summary>How many lines were lost since the last call.</summary>
    public long TakeDropped()
    {
        lock (_lock)
        {
            var dropped = _dropped;
            _dropped = 0;
            return dropped;
        }
    }
}
