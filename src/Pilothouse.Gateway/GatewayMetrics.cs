using System.Diagnostics.Metrics;
using Pilothouse.Gateway.Routing;

namespace Pilothouse.Gateway;

/// <summary>How a request for an agent ended.</summary>
internal enum Outcome
{
    /// <summary>The agent server answered, whatever it said.</summary>
    Answered,

    /// <summary>The gateway answered in its place: no key, no agent, no replica, too large, held too long.</summary>
    Refused,

    /// <summary>The agent server was asked and gave no answer.</summary>
    Failed,

    /// <summary>The answer broke off after it began.</summary>
    Cut,

    /// <summary>The caller did not wait for the end.</summary>
    Left,
}

/// <summary>
/// The meter <c>Pilothouse.Gateway</c>. While nobody listens a request costs one look; what is under way and who waits is counted by the lanes
/// anyhow.
/// </summary>
internal sealed class GatewayMetrics
{
    public const string MeterName = "Pilothouse.Gateway";

    /// <summary>By the first digit of the status; made once, so that a request allocates none.</summary>
    private static readonly KeyValuePair<string, object?>[] s_answered = [.. Enumerable.Range(0, 6).Select(digit => Tag($"{digit}xx"))];

    private static readonly KeyValuePair<string, object?>[] s_others =
        [.. Enum.GetNames<Outcome>().Select(name => Tag(name.ToLowerInvariant()))];

    /// <summary>Agents answer in milliseconds or stream for minutes.</summary>
    private static readonly InstrumentAdvice<double> s_ofRequests = new() { HistogramBucketBoundaries = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] };

    private readonly Counter<long> _requests;
    private readonly Histogram<double> _duration;
    private readonly TimeProvider _time;

    public GatewayMetrics(IMeterFactory meters, RouteTable routes, TimeProvider time)
    {
        _time = time;
        var meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>("pilothouse.gateway.requests", "{request}", "Requests for agents that ended, by outcome.");
        _duration = meter.CreateHistogram(
            "pilothouse.gateway.request.duration", "s", "From arrival to the end of the answer, waiting included.", advice: s_ofRequests);
        meter.CreateObservableUpDownCounter("pilothouse.gateway.active", () => routes.UnderWayTotal, "{request}", "Requests at replicas now.");
        meter.CreateObservableUpDownCounter("pilothouse.gateway.held", () => routes.Waiting, "{request}", "Requests that wait for a switch or a replica now.");
    }

    /// <summary>0 while nobody listens.</summary>
    public long Began() => _duration.Enabled ? _time.GetTimestamp() : 0;

    public void Ended(Outcome outcome, int status, long began)
    {
        if (!_requests.Enabled && !_duration.Enabled) return;
        var tag = outcome == Outcome.Answered && status is >= 100 and < 600 ? s_answered[status / 100] : s_others[(int)outcome];
        _requests.Add(1, tag);
        if (began != 0) _duration.Record(_time.GetElapsedTime(began).TotalSeconds, tag);
    }

    private static KeyValuePair<string, object?> Tag(string outcome) => new("outcome", outcome);
}
