using System.Diagnostics.Metrics;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Pulling;
using Pilothouse.Listener.Reporting;

namespace Pilothouse.Listener;

/// <summary>The meter <c>Pilothouse.Listener</c>. Nothing names a deployment, so that the number of series stays.</summary>
internal sealed class ListenerMetrics
{
    public const string MeterName = "Pilothouse.Listener";

    private static readonly InstrumentAdvice<double> s_ofSwitches = new() { HistogramBucketBoundaries = [0, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300] };
    private static readonly ReplicaPhase[] s_phases = Enum.GetValues<ReplicaPhase>();

    private readonly Histogram<double> _switches;

    public ListenerMetrics(IMeterFactory meters, IRuntime runtime, Puller puller, LogBuffer logs)
    {
        var meter = meters.Create(MeterName);
        _switches = meter.CreateHistogram(
            "pilothouse.gateway.switch.duration", "s", "How long callers were held while two revisions were exchanged.", advice: s_ofSwitches);
        meter.CreateObservableUpDownCounter("pilothouse.replicas.running", () => Replicas(runtime), "{replica}", "Replicas here, by phase.");
        meter.CreateObservableGauge("pilothouse.listener.poll.age", () => puller.Silence.TotalSeconds, "s", "Since the control plane last answered.");
        meter.CreateObservableCounter(
            "pilothouse.listener.logs.dropped", () => logs.DroppedEver, "{line}", "Log lines of replicas that the control plane did not take in time.");
    }

    /// <param name="wasHeld">False: both ran, and nobody waited.</param>
    public void Switched(bool wasHeld, bool isBack, TimeSpan took) => _switches.Record(
        took.TotalSeconds,
        new KeyValuePair<string, object?>("kind", wasHeld ? "held" : "beside"),
        new KeyValuePair<string, object?>("result", isBack ? "back" : "switched"));

    public void Switched(SwitchProof proof, bool isBack) => Switched(wasHeld: true, isBack, TimeSpan.FromMilliseconds(proof.HoldMilliseconds));

    private static IEnumerable<Measurement<int>> Replicas(IRuntime runtime)
    {
        var replicas = runtime.List();
        return s_phases.Select(phase => new Measurement<int>(
            replicas.Count(replica => replica.Phase == phase), new KeyValuePair<string, object?>("phase", Word(phase))));
    }

    private static string Word(ReplicaPhase phase) => phase switch
    {
        ReplicaPhase.BackingOff => "backing_off",
        ReplicaPhase.CrashLooping => "crash_looping",
        _ => phase.ToString().ToLowerInvariant(),
    };
}
