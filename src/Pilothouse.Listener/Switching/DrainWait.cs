using Microsoft.Extensions.Options;
using Pilothouse.Core.Routing;
using Pilothouse.Listener.Replicas;

namespace Pilothouse.Listener.Switching;

/// <param name="IsLong">What is under way is long, and had not its time yet: let the callers go and come back later.</param>
/// <param name="RunsAtHold">Null: the server could not say.</param>
/// <param name="RequestsAtStop">Not 0 only when their time was over.</param>
internal sealed record Drained(bool IsLong, int? RunsAtHold, int? RunsAtStop, int RequestsAtStop);

/// <summary>
/// Waits, with callers held, until nothing is under way. What was given the whole limit before the hold is not waited for again: an idle
/// WebSocket must not make every caller wait.
/// </summary>
internal sealed class DrainWait(ReplicaStarter replicas, WorkUnderWay work, IOptions<ListenerOptions> options, TimeProvider time)
{
    /// <summary>How often runs are asked for: part of what held callers wait.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(25);

    /// <summary>A server that only counts cannot say which runs had their time already.</summary>
    private static readonly TimeSpan s_uncountedLimit = TimeSpan.FromSeconds(30);

    /// <summary>Requests that last longer while the server says that no run is under way are open sockets that carry nothing.</summary>
    private static readonly TimeSpan s_idleLimit = TimeSpan.FromSeconds(5);

    /// <param name="watch">The watch that found <paramref name="from"/> quiet; null when it does not serve, or has nothing to lose.</param>
    public async Task<Drained> RunAsync(
        IRouteHold hold, RunnableRevision from, QuietWait quiet, QuietWatch? watch, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var limit = from.DrainLimit(options.Value);
        int? runsAtHold = null;
        for (var isFirst = true; ; isFirst = false)
        {
            var haveRequestsEnded = await hold.DrainAsync(TimeSpan.Zero, cancellationToken);
            var now = await work.LookAsync(from.Main, replicas.Find(from.Main.Name), cancellationToken);
            if (isFirst) runsAtHold = now.Runs?.Count;
            var elapsed = time.GetElapsedTime(began);

            var requests = haveRequestsEnded ? 0 : Requests(now, quiet, elapsed, limit);
            var isDone = requests == 0 && Runs(now, quiet, elapsed) == 0;
            var isLong = !isDone && !quiet.IsExhausted && watch?.IsLong(now) == true;
            if (isDone || isLong || elapsed >= limit)
                return new Drained(isLong, runsAtHold, now.Runs?.Count, haveRequestsEnded ? 0 : now.Requests.Count);

            var pause = limit - elapsed < s_look ? limit - elapsed : s_look;
            if (requests == 0) await Task.Delay(pause, time, cancellationToken);
            else await hold.DrainAsync(pause, cancellationToken);
        }
    }

    /// <summary>Requests still worth waiting for.</summary>
    private static int Requests(WorkSample now, QuietWait quiet, TimeSpan elapsed, TimeSpan limit)
    {
        if (!quiet.IsExhausted) return now.Requests.Count;
        if (now.Runs is { Count: 0 } && elapsed >= s_idleLimit) return 0;
        return now.Requests.Count(request => request.Age - elapsed < limit);
    }

    /// <summary>Runs still worth waiting for.</summary>
    private static int Runs(WorkSample now, QuietWait quiet, TimeSpan elapsed)
    {
        if (now.Runs is null) return 0;
        if (now.Runs.AreNamed) return now.Runs.Ids.Count(id => !quiet.RunsThatHadTheirTime.Contains(id));
        return quiet.IsExhausted && elapsed >= s_uncountedLimit ? 0 : now.Runs.Count;
    }
}
