using System.Collections.Concurrent;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Access;

/// <summary>
/// What was read a moment ago, since the gateway asks on each request. Nothing is older than <see cref="AccessCaches.Age"/> while the store answers, unknown keys are not kept (so
/// that guessing fills nothing), and what was read before a <see cref="Clear"/> is not kept after it.
/// </summary>
internal sealed class AccessCache<TKey, TValue>(TimeProvider clock)
    where TKey : notnull
    where TValue : class
{
    private const int MaxKept = 10_000;

    private readonly ConcurrentDictionary<TKey, Kept> _kept = new();
    private long _epoch;

    /// <exception cref="Exception">The store does not answer, and what was read before is older than <see cref="AccessCaches.StaleLimit"/>, or there is none.</exception>
    public async ValueTask<TValue?> GetAsync(TKey key, Func<CancellationToken, Task<TValue?>> read, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var epoch = Interlocked.Read(ref _epoch);
        if (_kept.TryGetValue(key, out var kept) && kept.Epoch != epoch) kept = null;
        if (kept is not null && now - kept.LookedAt < AccessCaches.Age) return kept.Value;

        TValue? value;
        try
        {
            value = kept is null ? await read(cancellationToken) : await read(cancellationToken).WaitAsync(AccessCaches.Patience, clock, cancellationToken);
        }
        catch (Exception away) when (kept is not null && now - kept.ReadAt < AccessCaches.StaleLimit && (away is TimeoutException || StoreTrouble.Sentence(away) is not null))
        {
            _kept[key] = kept with { LookedAt = now };
            return kept.Value;
        }

        if (value is null)
        {
            _kept.TryRemove(key, out _);
            return null;
        }

        // Its epoch is that from before the read: should it be over by now, nobody takes the entry.
        if (_kept.Count >= MaxKept) _kept.Clear();
        _kept[key] = new Kept(value, now, now, epoch);
        return value;
    }

    public void Clear()
    {
        Interlocked.Increment(ref _epoch);
        _kept.Clear();
    }

    private sealed record Kept(TValue Value, DateTimeOffset ReadAt, DateTimeOffset LookedAt, long Epoch);
}
