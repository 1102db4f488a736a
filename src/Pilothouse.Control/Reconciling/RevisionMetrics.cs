using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Reconciling;

/// <summary>What waits in the store now.</summary>
/// <param name="OldestWait">Of all; zero when nothing waits.</param>
internal sealed record QueueDepth(ImmutableDictionary<RevisionStatus, int> Waiting, TimeSpan OldestWait)
{
    public static QueueDepth None { get; } = new(ImmutableDictionary<RevisionStatus, int>.Empty, TimeSpan.Zero);
}

/// <summary>The meter <c>Pilothouse.Revisions</c>: queue, builds and leases. Nothing names a deployment, so that the number of series stays.</summary>
internal sealed class RevisionMetrics
{
    public const string MeterName = "Pilothouse.Revisions";

    /// <summary>Builds take seconds to an hour.</summary>
    private static readonly InstrumentAdvice<double> s_ofBuilds = new() { HistogramBucketBoundaries = [0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600] };

    private readonly Histogram<double> _builds;
    private readonly ObservableUpDownCounter<int> _queued;
    private volatile QueueDepth _depth = QueueDepth.None;
    private int _running;
    private long _losses;

    public RevisionMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _builds = meter.CreateHistogram("pilothouse.build.duration", "s", "Of one try to build a revision, by result.", advice: s_ofBuilds);
        meter.CreateObservableCounter(
            "pilothouse.lease.losses", () => Interlocked.Read(ref _losses), "{lease}", "Builds whose lease ran out or was taken over while they ran here.");
        meter.CreateObservableUpDownCounter("pilothouse.builds.running", () => Volatile.Read(ref _running), "{build}", "Builds under way in this process.");
        _queued = meter.CreateObservableUpDownCounter("pilothouse.revisions.queued", Queued, "{revision}", "Unfinished revisions in the store, by status.");
        meter.CreateObservableGauge(
            "pilothouse.revisions.oldest_wait", () => _depth.OldestWait.TotalSeconds, "s", "Age of the oldest revision that waits for its turn or its build.");
    }

    /// <summary>Whether anybody would see <see cref="Depth"/>.</summary>
    public bool IsHeard => _queued.Enabled;

    public QueueDepth Depth
    {
        set => _depth = value;
    }

    public void BuildBegan() => Interlocked.Increment(ref _running);

    /// <param name="result">A constant.</param>
    public void BuildEnded(string result, TimeSpan took)
    {
        Interlocked.Decrement(ref _running);
        _builds.Record(took.TotalSeconds, new KeyValuePair<string, object?>("result", result));
    }

    public void LeaseLost() => Interlocked.Increment(ref _losses);

    private IEnumerable<Measurement<int>> Queued()
    {
        var depth = _depth;
        return QueueWatch.Statuses.Select(status => new Measurement<int>(
            depth.Waiting.GetValueOrDefault(status), new KeyValuePair<string, object?>("status", status.ToWire())));
    }
}
