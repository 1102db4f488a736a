namespace Pilothouse.Testing;

/// <summary>
/// Runs asynchronous code on one thread against a clock that only moves when everything waits: minutes of waiting take milliseconds, and each
/// run goes the same way. The code under test must resume on the captured context: no ConfigureAwait(false), no thread pool, and no WhenAny or
/// WaitAsync directly on a TaskCompletionSource that continues asynchronously (await it in a method of its own first). What does otherwise is caught.
/// </summary>
public sealed class Simulation
{
    private readonly Lock _lock = new();
    private readonly Queue<(SimulatedProcess Process, SendOrPostCallback Callback, object? State)> _queue = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private string? _stray;

    public SimulatedTime Time { get; } = new();

    /// <summary>Called whenever the clock has moved; may change the world.</summary>
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
            Time.Advance(end);
            OnTick();
            RunReady();
        }
    }

    /// <summary>Also stops at the end when nothing happens then.</summary>
    public void RunFor(TimeSpan span)
    {
        var end = Time.GetUtcNow() + span;
        RunReady();
        while (Time.GetUtcNow() < end)
        {
            Time.Advance(end);
            OnTick();
            RunReady();
        }
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

        if (Volatile.Read(ref _stray) is { } stray)
            throw new InvalidOperationException($"Work left the simulation and came back by the thread pool, so that runs differ:\n{stray}");
    }

    internal void Post(SimulatedProcess process, SendOrPostCallback callback, object? state)
    {
        if (Environment.CurrentManagedThreadId != _thread) Volatile.Write(ref _stray, Environment.StackTrace);
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
