using Pilothouse.Core.Routing;
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
/// run that was seen in every look of the last two seconds. What is young when the hold begins may turn out to be long: then the hold is let go,
/// callers go on with the old revision, and the watch goes on.
/// </summary>
internal sealed class QuietWatch(DateTimeOffset since)
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(2);
    private readonly Queue<WorkSample> _samples = new();
    private HashSet<string>? _sinceTheBeginning;
    private DateTimeOffset _nextHold = since;
    private TimeSpan _pause = TimeSpan.FromSeconds(5);

    public DateTimeOffset Since { get; } = since;

    /// <summary>What became of the callers of holds that were let go; the moments before the hold are not in it.</summary>
    public SwitchCounts LetGo { get; private set; } = new(0, 0, 0, 0, TimeSpan.Zero);

    public int HoldsLetGo { get; private set; }

    /// <returns>Null while it is not quiet and the limit has not passed.</returns>
    public QuietWait? Look(WorkSample now, TimeSpan limit)
    {
        Remember(now);
        var waited = now.At - Since;
        if (now.At >= _nextHold && IsQuiet(now)) return new QuietWait(waited, IsExhausted: false, new HashSet<string>(StringComparer.Ordinal));
        return waited >= limit ? new QuietWait(waited, IsExhausted: true, _sinceTheBeginning!) : null;
    }

    /// <summary>For a replica that gets no callers any more: nothing at all may be under way.</summary>
    public bool IsDrained(WorkSample now, TimeSpan limit) =>
        now.At - Since >= limit || (now.Requests.Count == 0 && now.Runs is null or { Count: 0 });

    /// <summary>While callers are held: whether what is under way is surely long.</summary>
    public bool IsLong(WorkSample now)
    {
        Remember(now);
        return IsLongRequest(now) || (now.Runs is { Count: > 0 } && IsWatchedLongEnough(now) && IsLongRun(now));
    }

    /// <summary>Holds that are let go again and again come ever more seldom: each costs callers up to two seconds.</summary>
    public void NoteLetGo(SwitchCounts counts, DateTimeOffset now)
    {
        HoldsLetGo++;
        LetGo = Sum(LetGo, counts);
        _nextHold = now + _pause;
        _pause *= 2;
    }

    /// <summary>Of all holds of one switch; what was under way is that of the last.</summary>
    public static SwitchCounts Sum(SwitchCounts earlier, SwitchCounts last) => new(
        last.UnderWayAtHold, earlier.Held + last.Held, earlier.Moved + last.Moved, earlier.Refused + last.Refused,
        earlier.LongestWait > last.LongestWait ? earlier.LongestWait : last.LongestWait);

    private bool IsQuiet(WorkSample now) =>
        !IsLongRequest(now) && (now.Runs is null or { Count: 0 } || (IsWatchedLongEnough(now) && !IsLongRun(now)));

    private static bool IsLongRequest(WorkSample now) => now.Requests.Any(request => request.Age > s_long);

    private bool IsWatchedLongEnough(WorkSample now) => _samples.Peek().At <= now.At - s_long;

    /// <summary>
    /// A server that only counts cannot say which run is long; but a run without a request of its own is a background run.
    /// </summary>
    private bool IsLongRun(WorkSample now) => now.Runs!.AreNamed
        ? now.Runs.Ids.Any(id => _samples.All(sample => sample.Runs?.Ids.Contains(id) == true))
        : _samples.All(sample => sample.Runs is not { } runs || runs.Count > sample.Requests.Count);

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
