using Microsoft.Extensions.Time.Testing;

namespace Pilothouse.Testing;

/// <summary>
/// Runs asynchronous code on one thread against a clock that only moves when everything waits: minutes of waiting take milliseconds, and each
/// run goes the same way. The code under test must resume on the captured context (no ConfigureAwait(false), no thread pool).
/// </summary>
public sealed class Simulation
{
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(5);
    private readonly Lock _lock = new();
    private readonly Queue<(SimulatedProcess Process, SendOrPostCallback Callback, object? State)> _queue = new();

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    /// <summary>Called before each tick; may change the world.</summary>
    public Action OnTick { get; set; } = () => { };

    /// <summary>A process that can be killed: from then on nothing of it runs any more, not even its clean-up.</summary>
    public SimulatedProcess NewProcess() => new(this);

    /// <exception cref="TimeoutException">It did not come true within the simulated limit.</exception>
    public void RunUntil(Func<bool> isTrue, TimeSpan? limit = null, string? what = null)
    {
        var end = Time.GetUtcNow() + (limit ?? TimeSpan.FromMinutes(10));
        RunReady();
        while (!isTrue())
        {
            if (Time.GetUtcNow() >= end) throw new TimeoutException($"Did not come true in simulated time: {what ?? "the condition"}.");
            OnTick();
            RunReady();
            Time.Advance(s_tick);
            RunReady();
        }
    }

    public void RunFor(TimeSpan span)
    {
        var end = Time.GetUtcNow() + span;
        RunUntil(() => Time.GetUtcNow() >= end, span + TimeSpan.FromMinutes(1));
    }

    /// <summary>Runs what can run without the clock moving.</summary>
    public void RunReady()
    {
        var before = SynchronizationContext.Current;
        try
        {
            while (TryTake(out var work))
            {
                if (work.Process.IsKilled) continue;
                SynchronizationContext.SetSynchronizationContext(work.Process);
                work.Callback(work.State);
            }
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    internal void Post(SimulatedProcess process, SendOrPostCallback callback, object? state)
    {
        lock (_lock) _queue.Enqueue((process, callback, state));
    }

    private bool TryTake(out (SimulatedProcess Process, SendOrPostCallback Callback, object? State) work)
    {
        lock (_lock) return _queue.TryDequeue(out work);
    }
}

/// <summary>The context of one simulated process.</summary>
public sealed class SimulatedProcess(Simulation simulation) : SynchronizationContext
{
    public bool IsKilled { get; private set; }

    /// <summary>As kill -9: what it was about to do does not happen.</summary>
    public void Kill() => IsKilled = true;

    /// <summary>Begins work in this process; it goes on whenever the simulation runs.</summary>
    public Task Start(Func<Task> work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(_ => _ = RunAsync(work, done), state: null);
        return done.Task;
    }

    public override void Post(SendOrPostCallback d, object? state) => simulation.Post(this, d, state);

    public override SynchronizationContext CreateCopy() => this;

    private static async Task RunAsync(Func<Task> work, TaskCompletionSource done)
    {
        try
        {
            await work();
            done.TrySetResult();
        }
        catch (Exception exception)
        {
            done.TrySetException(exception);
        }
    }
}
