using System.Collections.Concurrent;

namespace Pilothouse.Control.Overload;

/// <summary>
/// A bucket of tokens for each holder: full at first, filled at a steady rate. Not the partitioned limiter of System.Threading.RateLimiting, which
/// wakes ten times a second whether or not somebody calls, and knows no clock but its own.
/// </summary>
internal sealed class TokenBuckets<TKey>(int perSecond, int burst, TimeProvider clock)
    where TKey : notnull
{
    /// <summary>Of buckets; those that are full again need not be remembered.</summary>
    private const int Many = 10_000;

    private readonly ConcurrentDictionary<TKey, Bucket> _buckets = new();

    public int Count => _buckets.Count;

    /// <returns>Null when there was a token; else when there will be one.</returns>
    public TimeSpan? Take(TKey holder)
    {
        if (!_buckets.TryGetValue(holder, out var bucket))
        {
            if (_buckets.Count >= Many) RemoveFull();
            bucket = _buckets.GetOrAdd(holder, new Bucket(burst, clock.GetTimestamp()));
        }

        return bucket.Take(perSecond, burst, clock);
    }

    private void RemoveFull()
    {
        foreach (var (holder, bucket) in _buckets)
            if (bucket.IsFull(perSecond, burst, clock)) _buckets.TryRemove(holder, out _);
    }

    private sealed class Bucket(double tokens, long at)
    {
        private readonly Lock _lock = new();
        private double _tokens = tokens;
        private long _at = at;

        public TimeSpan? Take(int perSecond, int burst, TimeProvider clock)
        {
            lock (_lock)
            {
                Fill_NeedsLock(perSecond, burst, clock);
                if (_tokens < 1) return TimeSpan.FromSeconds((1 - _tokens) / perSecond);
                _tokens--;
                return null;
            }
        }

        public bool IsFull(int perSecond, int burst, TimeProvider clock)
        {
            lock (_lock)
            {
                Fill_NeedsLock(perSecond, burst, clock);
                return _tokens >= burst;
            }
        }

        private void Fill_NeedsLock(int perSecond, int burst, TimeProvider clock)
        {
            var now = clock.GetTimestamp();
            _tokens = Math.Min(burst, _tokens + (clock.GetElapsedTime(_at, now).TotalSeconds * perSecond));
            _at = now;
        }
    }
}
