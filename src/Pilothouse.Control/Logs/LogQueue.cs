using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Logs;

/// <summary>
/// Lines that wait for the store. Never blocks and never grows without end: a deployment that has too many loses its oldest, and only its own.
/// </summary>
internal sealed class LogQueue
{
    public const string MeterName = "Pilothouse.Logs";

    private readonly IOptions<LogsOptions> _options;
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Waiting> _waiting = [];
    private long _dropped;

    public LogQueue(IOptions<LogsOptions> options, IMeterFactory meters)
    {
        _options = options;
        meters.Create(MeterName).CreateObservableCounter(
            "pilothouse.logs.dropped", () => Volatile.Read(ref _dropped), "{line}", "Log lines of builds and replicas that came faster than they could be stored.");
    }

    public void Add(LogLine line)
    {
        lock (_lock)
        {
            if (!_waiting.TryGetValue(line.Deployment, out var waiting)) _waiting[line.Deployment] = waiting = new Waiting();
            waiting.Lines.AddLast(line);
            if (waiting.Lines.Count <= _options.Value.QueueLines) return;
            waiting.Lines.RemoveFirst();
            Drop_NeedsLock(waiting);
        }
    }

    /// <summary>Takes turns between deployments, so that a noisy one does not keep the others waiting.</summary>
    public IReadOnlyList<LogLine> Take(int most)
    {
        lock (_lock)
        {
            var taken = new List<LogLine>();
            while (taken.Count < most && _waiting.Count > 0)
            {
                var share = Math.Max(1, (most - taken.Count) / _waiting.Count);
                foreach (var deployment in _waiting.Keys.ToArray())
                    Take_NeedsLock(deployment, Math.Min(share, most - taken.Count), taken);
            }

            return taken;
        }
    }

    public IReadOnlyList<LogLine> Take(Guid deployment, int most)
    {
        lock (_lock)
        {
            var taken = new List<LogLine>();
            Take_NeedsLock(deployment, most, taken);
            return taken;
        }
    }

    /// <summary>They could not be stored: first again.</summary>
    public void PutBack(IReadOnlyList<LogLine> lines)
    {
        lock (_lock)
        {
            foreach (var line in lines.Reverse())
            {
                if (!_waiting.TryGetValue(line.Deployment, out var waiting)) _waiting[line.Deployment] = waiting = new Waiting();
                if (waiting.Lines.Count < _options.Value.QueueLines) waiting.Lines.AddFirst(line);
                else Drop_NeedsLock(waiting);
            }
        }
    }

    private void Drop_NeedsLock(Waiting waiting)
    {
        waiting.Dropped++;
        Volatile.Write(ref _dropped, _dropped + 1);
    }

    private void Take_NeedsLock(Guid deployment, int most, List<LogLine> taken)
    {
        if (!_waiting.TryGetValue(deployment, out var waiting)) return;
        if (waiting is { Dropped: > 0, Lines.First: { } next })
        {
            taken.Add(next.Value with { Level = LogLevels.Warning, Message = $"{waiting.Dropped} lines were dropped here: they came faster than they could be stored." });
            waiting.Dropped = 0;
        }

        for (var left = most; left > 0 && waiting.Lines.First is { } first; left--)
        {
            taken.Add(first.Value);
            waiting.Lines.RemoveFirst();
        }

        if (waiting.Lines.Count == 0) _waiting.Remove(deployment);
    }

    private sealed class Waiting
    {
        public LinkedList<LogLine> Lines { get; } = [];
        public long Dropped { get; set; }
    }
}
