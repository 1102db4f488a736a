using Microsoft.Extensions.Options;
using Pilothouse.Core;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Listener.Reporting;

/// <summary>
/// Log lines that wait for the control plane. Never blocks: a deployment that has too many loses its oldest, and only its own; a line in their
/// place says how many.
/// </summary>
internal sealed class LogBuffer(IOptions<ListenerOptions> options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<DeploymentId, Waiting> _queues = [];

    /// <summary>Number of each deployment's first line among those that were taken and have not arrived yet.</summary>
    private readonly Dictionary<DeploymentId, long> _underWay = [];

    private long _last;
    private long _dropped;
    private long _droppedEver;

    /// <summary>Lines lost since the process began.</summary>
    public long DroppedEver => Volatile.Read(ref _droppedEver);

    /// <summary>Called when the buffer was empty and is no longer; set once before anything is started.</summary>
    public Action OnArrived { get; set; } = () => { };

    /// <summary>Number of the newest line of all; they rise by one.</summary>
    public long Last
    {
        get
        {
            lock (_lock)
            {
                return _last;
            }
        }
    }

    public void Add(ReplicaLogLine line)
    {
        bool wasEmpty;
        lock (_lock)
        {
            wasEmpty = _queues.Count == 0;
            if (!_queues.TryGetValue(line.Deployment, out var waiting)) _queues[line.Deployment] = waiting = new Waiting();
            waiting.Add(++_last, line);
            while (waiting.Lines.Count > options.Value.LogBufferLines || (waiting.Lines.Count > 1 && waiting.Bytes > options.Value.LogBufferBytes))
            {
                waiting.Take();
                waiting.Dropped++;
                _dropped++;
                Volatile.Write(ref _droppedEver, _droppedEver + 1);
            }
        }

        if (wasEmpty) OnArrived();
    }

    /// <summary>Takes turns between deployments, so that a noisy one does not starve the others.</summary>
    /// <param name="mostBytes">At least one line is taken, however long.</param>
    public IReadOnlyList<ReplicaLogLine> Take(int mostLines, long mostBytes)
    {
        var taken = new List<ReplicaLogLine>();
        var bytes = 0L;
        lock (_lock)
        {
            while (taken.Count < mostLines && bytes < mostBytes && _queues.Count > 0)
            {
                var share = Math.Max(1, (mostLines - taken.Count) / _queues.Count);
                foreach (var (deployment, waiting) in _queues.ToArray())
                {
                    _underWay.TryAdd(deployment, waiting.First);
                    for (var left = share; left > 0 && taken.Count < mostLines && bytes < mostBytes && waiting.Lines.Count > 0; left--)
                    {
                        if (waiting.TakeMark() is { } mark) taken.Add(mark);
                        var line = waiting.Take();
                        bytes += Size(line);
                        taken.Add(line);
                    }

                    if (waiting.Lines.Count == 0) _queues.Remove(deployment);
                }
            }
        }

        return taken;
    }

    /// <summary>What was taken has arrived.</summary>
    public void Arrived()
    {
        lock (_lock)
        {
            _underWay.Clear();
        }
    }

    /// <summary>Whether a line of the deployment up to that number was neither lost nor has arrived.</summary>
    public bool Holds(DeploymentId deployment, long upTo)
    {
        lock (_lock)
        {
            return (_underWay.TryGetValue(deployment, out var first) && first <= upTo)
                || (_queues.TryGetValue(deployment, out var waiting) && waiting.First <= upTo);
        }
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

    /// <summary>In memory: two bytes a character, and about 128 for the rest.</summary>
    private static long Size(ReplicaLogLine line) => 128 + (2L * line.Message.Length);

    private sealed class Waiting
    {
        public Queue<(long Number, ReplicaLogLine Line)> Lines { get; } = new();

        /// <summary>There is one at least.</summary>
        public long First => Lines.Peek().Number;

        public long Bytes { get; private set; }

        /// <summary>Lost before the first of <see cref="Lines"/>.</summary>
        public long Dropped { get; set; }

        public void Add(long number, ReplicaLogLine line)
        {
            Lines.Enqueue((number, line));
            Bytes += Size(line);
        }

        public ReplicaLogLine Take()
        {
            var line = Lines.Dequeue().Line;
            Bytes -= Size(line);
            return line;
        }

        public ReplicaLogLine? TakeMark()
        {
            if (Dropped == 0) return null;
            var mark = Lines.Peek().Line with
            {
                Level = "WARNING",
                Message = $"{Dropped} log lines were left out here: the control plane did not take them in time.",
            };
            Dropped = 0;
            return mark;
        }
    }
}
