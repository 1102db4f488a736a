using Pilothouse.Listener.Replicas;

namespace Pilothouse.Listener.Switching;

/// <summary>How a wait for quiet went.</summary>
/// <param name="IsExhausted">The limit passed with long work still under way.</param>
/// <param name="RunsThatHadTheirTime">Runs that were given the whole limit; they are not waited for again while callers are held.</param>
internal sealed record QuietWait(TimeSpan Waited, bool IsExhausted, IReadOnlySet<string> RunsThatHadTheirTime)
{
    public static QuietWait None { get; } = new(TimeSpan.Zero, IsExhausted: false, new HashSet<string>(StringComparer.Ordinal));
}

/// <summary>
/// Watches one replica until nothing long is under way, so that the hold which follows is short. Long: a request older than two seconds, or a
/// run that was seen in every look of the last two seconds.
/// </summary>
internal sealed class QuietWatch(DateTimeOffset since)
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(2);
    private readonly Queue<WorkSample> _samples = new();
    private HashSet<string>? _sinceTheBeginning;

    public DateTimeOffset Since { get; } = since;

    /// <returns>Null while it is not quiet and the limit has not passed.</returns>
    public QuietWait? Look(WorkSample now, TimeSpan limit)
    {
        Remember(now);
        var waited = now.At - Since;
        if (IsQuiet(now)) return new QuietWait(waited, IsExhausted: false, new HashSet<string>(StringComparer.Ordinal));
        return waited >= limit ? new QuietWait(waited, IsExhausted: true, _sinceTheBeginning!) : null;
    }

    /// <summary>For a replica that gets no callers any more: nothing at all may be under way.</summary>
    public bool IsDrained(WorkSample now, TimeSpan limit) =>
        now.At - Since >= limit || (now.Requests.Count == 0 && now.Runs is null or { Count: 0 });

    private bool IsQuiet(WorkSample now)
    {
        if (now.Requests.Any(request => request.Age > s_long)) return false;
        if (now.Runs is null or { Count: 0 }) return true;
        if (_samples.Peek().At > now.At - s_long) return false;

        // A server that only counts cannot say which run is long; but a run without a request of its own is a background run.
        return now.Runs.AreNamed
            ? !now.Runs.Ids.Any(id => _samples.All(sample => sample.Runs?.Ids.Contains(id) == true))
            : _samples.Any(sample => sample.Runs is { } runs && runs.Count <= sample.Requests.Count);
    }

    /// <summary>Keeps the samples of the last two seconds and the one before them.</summary>
    private void Remember(WorkSample now)
    {
        _samples.Enqueue(now);
        while (_samples.Count > 1 && _samples.ElementAt(1).At <= now.At - s_long) _samples.Dequeue();

        var ids = now.Runs?.Ids ?? new HashSet<string>(StringComparer.Ordinal);
        if (_sinceTheBeginning is null) _sinceTheBeginning = ids.ToHashSet(StringComparer.Ordinal);
        else _sinceTheBeginning.IntersectWith(ids);
    }
}
