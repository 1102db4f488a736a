using System.Diagnostics;
using Pilothouse.Control.Revisions;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Builds;

namespace Pilothouse.Control.Reconciling;

/// <summary>Span and numbers of one try to build a revision; its end is that of the try.</summary>
internal sealed class BuildMeasure : IDisposable
{
    public const string Built = "built";
    public const string Reused = "reused";
    public const string Refused = "refused";
    public const string Unavailable = "unavailable";
    public const string Lost = "lost";
    public const string Stopped = "stopped";

    private readonly RevisionMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly Activity? _activity;
    private readonly long _began;
    private (string Result, string? Fault) _end = (Unavailable, null);

    private BuildMeasure(RevisionMetrics metrics, TimeProvider clock, Activity? activity)
    {
        _metrics = metrics;
        _clock = clock;
        _activity = activity;
        _began = clock.GetTimestamp();
        metrics.BuildBegan();
    }

    /// <summary>For the next try to link to.</summary>
    public ActivityContext Context => _activity?.Context ?? default;

    /// <param name="earlier">The try before, in this process.</param>
    public static BuildMeasure Begin(RevisionMetrics metrics, RevisionRow row, ActivityContext earlier, TimeProvider clock)
    {
        if (row.LeaseFence == 1) RevisionSpans.Start("wait for build", row, startedAt: row.CreatedAt)?.Dispose();
        return new BuildMeasure(metrics, clock, RevisionSpans.Start("build revision", row, earlier));
    }

    /// <param name="result">A constant of this class.</param>
    /// <param name="fault">One sentence without secrets; null when it went well.</param>
    public void End(string result, string? fault = null) => _end = (result, fault);

    public void End(BuildOutcome outcome) => End(
        outcome is BuildOutcome.Built built ? built.WasThere ? Reused : Built : Refused,
        outcome is BuildOutcome.Refused ? "The project cannot be built; the build log says why." : null);

    public void Dispose()
    {
        _metrics.BuildEnded(_end.Result, _clock.GetElapsedTime(_began));
        _activity?.SetTag("pilothouse.build.result", _end.Result);
        if (_end.Fault is { } fault) _activity?.SetStatus(ActivityStatusCode.Error, fault);
        _activity?.Dispose();
    }
}
