using Pilothouse.Core.Routing;

namespace Pilothouse.Gateway.Routing;

/// <summary>A caller that waits.</summary>
internal sealed class HeldCaller(long since)
{
    public long Since { get; } = since;
    public TaskCompletionSource<Entry> Sent { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>One hold of a lane; its counters change under the lane's lock only.</summary>
internal sealed class LaneHold(RouteLane lane, TimeProvider time, TimeSpan limit, int underWay) : IRouteHold
{
    public TimeSpan Limit { get; } = limit;
    public HashSet<HeldCaller> Waiting { get; } = [];
    public int Arrived { get; set; }
    public int Moved { get; set; }
    public int Refused { get; set; }
    public TimeSpan LongestWait { get; set; }

    /// <summary>Nothing that was sent before the hold is under way any more.</summary>
    public TaskCompletionSource Drained { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SwitchCounts Counts() => new(underWay, Arrived, Moved, Refused, LongestWait);

    public async Task<bool> DrainAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        if (Drained.Task.IsCompleted) return true;
        if (limit <= TimeSpan.Zero) return false;
        try
        {
            await Drained.Task.WaitAsync(limit, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return Drained.Task.IsCompleted;
        }
    }

    public SwitchCounts Release(Route next) => lane.Release(this, next);

    public void Dispose() => lane.Release(this, next: null);
}
