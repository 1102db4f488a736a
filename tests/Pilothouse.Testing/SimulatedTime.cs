namespace Pilothouse.Testing;

/// <summary>
/// A clock that jumps from timer to timer, so that waiting costs nothing. Timers that are due at the same time fire in the order in which they were
/// set. All members may be called from several threads.
/// </summary>
public sealed class SimulatedTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<(Timer Timer, long Setting), (DateTimeOffset At, long Order)> _due = new();
    private long _order;
    private DateTimeOffset _now;

    public SimulatedTime() => _now = Start;

    public DateTimeOffset Start { get; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock) return _now;
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Goes to the next timer that is due by <paramref name="end"/> and fires it; without one, goes to the end.</summary>
    /// <returns>Whether a timer was fired.</returns>
    public bool Advance(DateTimeOffset end)
    {
        Timer? next = null;
        lock (_lock)
        {
            while (next is null && _due.TryPeek(out var entry, out var key) && key.At <= end)
            {
                _due.Dequeue();
                if (entry.Timer.Setting != entry.Setting) continue;
                next = entry.Timer;
                if (key.At > _now) _now = key.At;
                if (next.Period > TimeSpan.Zero) Set_NeedsLock(next, next.Period);
            }

            if (next is null && end > _now) _now = end;
        }

        next?.Fire();
        return next is not null;
    }

    private void Set_NeedsLock(Timer timer, TimeSpan dueTime)
    {
        timer.Setting++;
        if (dueTime < TimeSpan.Zero) return;
        _due.Enqueue((timer, timer.Setting), (_now + dueTime, _order++));
    }

    private sealed class Timer(SimulatedTime time, TimerCallback callback, object? state) : ITimer
    {
        /// <summary>Rises with each change: what was queued for an earlier one is no longer due.</summary>
        public long Setting { get; set; }

        public TimeSpan Period { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                Period = period;
                time.Set_NeedsLock(this, dueTime);
                return true;
            }
        }

        public void Fire() => callback(state);

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
