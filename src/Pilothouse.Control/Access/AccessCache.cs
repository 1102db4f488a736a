using System.Collections.Concurrent;

namespace Pilothouse.Control.Access;

/// <summary>
/// What was read a moment ago, since the gateway asks on each request. Nothing is older than <see cref="AccessCaches.Age"/>, unknown keys are not kept (so
/// that guessing fills nothing), and what was read before a <see cref="Clear"/> is not kept after it.
/// </summary>
internal sealed class AccessCache<TKey, TValue>(TimeProvider clock)
    where TKey : notnull
    where TValue : class
{
    private const int MaxKept = 10_000;

    private readonly ConcurrentDictionary<TKey, (TValue Value, DateTimeOffset At, long Epoch)> _kept = new();
    private long _epoch;

    public async ValueTask<TValue?> GetAsync(TKey key, Func<CancellationToken, Task<TValue?>> read, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var epoch = Interlocked.Read(ref _epoch);
        if (_kept.TryGetValue(key, out var kept) && kept.Epoch == epoch && now - kept.At < AccessCaches.Age) return kept.Value;

        var value = await read(cancellationToken);
        if (value is null)
        {
            _kept.TryRemove(key, out _);
            return null;
        }

        // Its epoch is that from before the read: should it be over by now, nobody takes the entry.
        if (_kept.Count >= MaxKept) _kept.Clear();
        _kept[key] = (value, now, epoch);
        return value;
    }

    public void Clear()
    {
        Interlocked.Increment(ref _epoch);
        _kept.Clear();
    }
}
