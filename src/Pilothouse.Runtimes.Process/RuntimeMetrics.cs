using System.Diagnostics;
using System.Diagnostics.Metrics;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Runtimes.Process;

/// <summary>The meter <c>Pilothouse.Runtimes.Process</c>, and the spans of replicas that become ready. Nothing names a replica, so that the number of series stays.</summary>
internal sealed class RuntimeMetrics
{
    public const string MeterName = "Pilothouse.Runtimes.Process";
    public const string SourceName = "Pilothouse.Runtimes.Process";

    private static readonly ActivitySource s_source = new(SourceName);
    private static readonly InstrumentAdvice<double> s_ofStarts = new() { HistogramBucketBoundaries = [0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 20, 30, 60, 120, 300] };

    private readonly Histogram<double> _starts;
    private long _restarts;

    public RuntimeMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        meter.CreateObservableCounter(
            "pilothouse.replica.restarts", () => Interlocked.Read(ref _restarts), "{restart}", "Replicas that ended by themselves and were started again.");
        _starts = meter.CreateHistogram("pilothouse.replica.ready.duration", "s", "From a replica's start to its first good health probe.", advice: s_ofStarts);
    }

    public void Restarted() => Interlocked.Increment(ref _restarts);

    /// <param name="asked">What wanted the replica; the default one when it was nothing traced, or long ago.</param>
    public void Ready(ReplicaSpec spec, ActivityContext asked, DateTimeOffset startedAt, TimeSpan after)
    {
        _starts.Record(after.TotalSeconds);
        if (asked == default) return;
        using var activity = s_source.StartActivity(ActivityKind.Internal, asked, Tags(spec), links: null, startedAt, "replica ready");
    }

    private static KeyValuePair<string, object?>[] Tags(ReplicaSpec spec) =>
        [new("pilothouse.deployment.id", spec.Deployment.ToString()), new("pilothouse.revision.id", spec.Revision.ToString())];
}
