using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Pilothouse.Core.Reconciling;

/// <summary>The meter <c>Pilothouse.Loops</c>: how the loops of this process go. One for the process; series are bounded by the loops' names.</summary>
public sealed class LoopMetrics
{
    public const string MeterName = "Pilothouse.Loops";

    /// <summary>A pass takes milliseconds, and as long as a build or a long poll.</summary>
    private static readonly InstrumentAdvice<double> s_ofPasses = new() { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] };

    private readonly Counter<long> _passes;
    private readonly Histogram<double> _lag;
    private readonly Histogram<double> _duration;
    private ImmutableList<LoopGauge> _gauges = [];

    public LoopMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(MeterName);
        _passes = meter.CreateCounter<long>("pilothouse.loop.passes", "{pass}", "Passes over one key that ended, by loop and result.");
        _lag = meter.CreateHistogram("pilothouse.loop.lag", "s", "From the signal that a key is due to the begin of its pass.", advice: s_ofPasses);
        _duration = meter.CreateHistogram("pilothouse.loop.pass.duration", "s", "Of one pass over one key.", advice: s_ofPasses);
        meter.CreateObservableUpDownCounter("pilothouse.loop.queued", Queued, "{key}", "Keys that are due and wait for a worker.");
    }

    /// <summary>All that were begun, in the order of their begin.</summary>
    public IReadOnlyList<LoopGauge> Gauges => Volatile.Read(ref _gauges);

    /// <param name="loop">A constant, e.g. <c>build loop</c>.</param>
    public LoopGauge Of(string loop)
    {
        var gauge = new LoopGauge(loop, this);
        ImmutableInterlocked.Update(ref _gauges, gauges => gauges.Add(gauge));
        return gauge;
    }

    internal void Passed(KeyValuePair<string, object?> loop, KeyValuePair<string, object?> result, TimeSpan waited, TimeSpan took)
    {
        _passes.Add(1, loop, result);
        _lag.Record(waited.TotalSeconds, loop);
        _duration.Record(took.TotalSeconds, loop, result);
    }

    private IEnumerable<Measurement<int>> Queued() => Gauges
        .GroupBy(gauge => gauge.Loop, StringComparer.Ordinal)
        .Select(loop => new Measurement<int>(loop.Sum(gauge => gauge.Queued), new KeyValuePair<string, object?>("loop", loop.Key)));
}

/// <summary>What one loop tells of itself.</summary>
public sealed class LoopGauge
{
    private static readonly KeyValuePair<string, object?> s_settled = new("result", "settled");
    private static readonly KeyValuePair<string, object?> s_again = new("result", "again");
    private static readonly KeyValuePair<string, object?> s_stalled = new("result", "stalled");
    private static readonly KeyValuePair<string, object?> s_failed = new("result", "failed");

    /// <summary>Beyond two resyncs a loop may be this late before it counts as stuck: reading all keys of a large store takes its time.</summary>
    private static readonly TimeSpan s_slack = TimeSpan.FromMinutes(1);

    private readonly LoopMetrics _metrics;
    private readonly KeyValuePair<string, object?> _tag;
    private volatile Running? _running;

    internal LoopGauge(string loop, LoopMetrics metrics)
    {
        Loop = loop;
        _tag = new KeyValuePair<string, object?>("loop", loop);
        _metrics = metrics;
    }

    public string Loop { get; }

    /// <summary>Null while it does what a loop does; else what it does not, one sentence.</summary>
    public string? Fault
    {
        get
        {
            if (_running is not { } running) return $"The {Loop} does not run.";
            var silent = running.Time.GetElapsedTime(running.Beat);
            return silent < (running.Resync * 2) + s_slack ? null : $"The {Loop} has not looked at its keys for {silent.TotalSeconds:0} s.";
        }
    }

    internal int Queued => _running?.Queued() ?? 0;

    internal void Began(TimeSpan resync, TimeProvider time, Func<int> queued) => _running = new Running(resync, time, queued) { Beat = time.GetTimestamp() };

    internal void Ended() => _running = null;

    /// <summary>A resync came to its end, however it ended.</summary>
    internal void Looked()
    {
        if (_running is { } running) running.Beat = running.Time.GetTimestamp();
    }

    /// <param name="result">Null: it failed.</param>
    internal void Passed(Reconciled? result, TimeSpan waited, TimeSpan took) => _metrics.Passed(_tag, Tag(result), waited, took);

    private static KeyValuePair<string, object?> Tag(Reconciled? result) => result switch
    {
        null => s_failed,
        Reconciled.Settled => s_settled,
        Reconciled.Again => s_again,
        Reconciled.Stalled => s_stalled,
        _ => throw new UnreachableException(),
    };

    private sealed class Running(TimeSpan resync, TimeProvider time, Func<int> queued)
    {
        private long _beat;

        public TimeSpan Resync => resync;

        public TimeProvider Time => time;

        public Func<int> Queued => queued;

        public long Beat
        {
            get => Volatile.Read(ref _beat);
            set => Volatile.Write(ref _beat, value);
        }
    }
}
