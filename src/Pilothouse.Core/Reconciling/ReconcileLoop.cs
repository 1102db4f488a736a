using System.Threading.Channels;

namespace Pilothouse.Core.Reconciling;

/// <summary>How a loop paces itself.</summary>
public sealed record ReconcilePace
{
    /// <summary>Keys worked on at once; one key is never worked on twice at a time.</summary>
    public int Workers { get; init; } = 4;

    /// <summary>Every key is looked at this often, jittered by a tenth, whether or not a signal came.</summary>
    public TimeSpan Resync { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause after the first exception; doubles up to <see cref="LongestBackoff"/>, jittered by a fifth.</summary>
    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromMilliseconds(200);

    public TimeSpan LongestBackoff { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>What a loop has to say; implemented with source-generated logging by its owner.</summary>
public interface IReconcileEvents<in TKey>
{
    void Failed(TKey key, Exception exception, TimeSpan retryAfter);

    void Stalled(TKey key, string reason, string message);

    void ResyncFailed(Exception exception);
}

/// <summary>
/// The one reconcile loop: de-duplicates keys, runs each key by one worker at a time, retries with backoff, resyncs on a timer and survives every
/// exception. A key signalled while it is worked on is looked at once more afterwards.
/// </summary>
/// <param name="gauge">Null: nobody measures it.</param>
public sealed class ReconcileLoop<TKey>(
    IReconciler<TKey> reconciler, ReconcilePace pace, IReconcileEvents<TKey> events, TimeProvider time, LoopGauge? gauge = null)
    where TKey : notnull
{
    private readonly Channel<TKey> _ready = Channel.CreateUnbounded<TKey>();
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, KeyState> _keys = [];

    /// <summary>Nudges the loop; cheap, never blocks, may be called from anywhere.</summary>
    public void Signal(TKey key)
    {
        lock (_lock)
        {
            Enqueue_NeedsLock(key);
        }
    }

    /// <summary>Runs until cancelled. A pass that is under way at cancellation is cancelled too.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        gauge?.Began(pace.Resync, time, () => _ready.Reader.Count);
        var workers = Enumerable.Range(0, pace.Workers).Select(_ => WorkAsync(cancellationToken));
        try
        {
            await Task.WhenAll(workers.Append(ResyncAsync(cancellationToken)));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The owner asked to stop.
        }
        finally
        {
            gauge?.Ended();
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        // Not ReadAllAsync: it leaves the caller's context, and a simulation of the loop would not go the same way twice; nor WaitToReadAsync,
        // which wakes every worker for each key.
        while (true) await WorkOnAsync(await _ready.Reader.ReadAsync(cancellationToken), cancellationToken);
    }

    private async Task WorkOnAsync(TKey key, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        TimeSpan waited;
        lock (_lock)
        {
            var state = _keys[key];
            waited = time.GetElapsedTime(state.QueuedAt, began);
            state.IsQueued = false;
            state.IsRunning = true;
            state.Timer?.Dispose();
            state.Timer = null;
        }

        var (result, pause) = await PassAsync(key, cancellationToken);
        gauge?.Passed(result, waited, time.GetElapsedTime(began));

        lock (_lock)
        {
            var state = _keys[key];
            state.IsRunning = false;
            if (state.IsSignalled)
            {
                state.IsSignalled = false;
                Enqueue_NeedsLock(key);
            }
            else if (pause is { } after)
            {
                state.Timer = time.CreateTimer(_ => Signal(key), state: null, after, Timeout.InfiniteTimeSpan);
            }
            else if (state.Failures == 0)
            {
                _keys.Remove(key);
            }
        }
    }

    /// <returns>The result, null when it failed; when to look again, null when settled.</returns>
    private async Task<(Reconciled? Result, TimeSpan? Pause)> PassAsync(TKey key, CancellationToken cancellationToken)
    {
        try
        {
            var result = await reconciler.ReconcileAsync(key, cancellationToken);
            SetFailures(key, 0);
            switch (result)
            {
                case Reconciled.Again again:
                    return (result, again.After);
                case Reconciled.Stalled stalled:
                    events.Stalled(key, stalled.Reason, stalled.Message);
                    return (result, null);
                default:
                    return (result, null);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception)
        {
            var pause = Backoff(SetFailures(key, null));
            events.Failed(key, exception, pause);
            return (null, pause);
        }
    }

    private async Task ResyncAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                foreach (var key in await reconciler.AllKeysAsync(cancellationToken))
                    Signal(key);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception exception)
            {
                events.ResyncFailed(exception);
            }

            gauge?.Looked();
            await Task.Delay(Jitter(pace.Resync, 0.1), time, cancellationToken);
        }
    }

    private void Enqueue_NeedsLock(TKey key)
    {
        if (!_keys.TryGetValue(key, out var state))
            _keys[key] = state = new KeyState();

        if (state.IsRunning)
        {
            state.IsSignalled = true;
            return;
        }

        if (state.IsQueued) return;
        state.IsQueued = true;
        state.QueuedAt = time.GetTimestamp();
        _ready.Writer.TryWrite(key);
    }

    /// <param name="failures">Null adds one.</param>
    private int SetFailures(TKey key, int? failures)
    {
        lock (_lock)
        {
            return _keys[key].Failures = failures ?? _keys[key].Failures + 1;
        }
    }

    private TimeSpan Backoff(int failures)
    {
        var doubled = pace.FirstBackoff * Math.Pow(2, Math.Min(failures - 1, 20));
        return Jitter(doubled < pace.LongestBackoff ? doubled : pace.LongestBackoff, 0.2);
    }

    // Spreads load only; nothing secret depends on it.
#pragma warning disable CA5394
    private static TimeSpan Jitter(TimeSpan span, double share) =>
        span * (1 + (share * ((Random.Shared.NextDouble() * 2) - 1)));
#pragma warning restore CA5394

    private sealed class KeyState
    {
        public bool IsQueued { get; set; }
        public long QueuedAt { get; set; }
        public bool IsRunning { get; set; }
        public bool IsSignalled { get; set; }
        public int Failures { get; set; }
        public ITimer? Timer { get; set; }
    }
}
