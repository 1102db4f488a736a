namespace Pilothouse.Control.Overload;

/// <summary>So many at a time, for each holder of its own.</summary>
internal sealed class Places<TKey>(int limit)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, int> _taken = [];

    /// <returns>Null when all are taken; else dispose it to give the place back.</returns>
    public IDisposable? TryTake(TKey holder)
    {
        lock (_lock)
        {
            var taken = _taken.GetValueOrDefault(holder);
            if (taken >= limit) return null;
            _taken[holder] = taken + 1;
        }

        return new Place(this, holder);
    }

    private void GiveBack(TKey holder)
    {
        lock (_lock)
        {
            if (--_taken[holder] == 0) _taken.Remove(holder);
        }
    }

    private sealed class Place(Places<TKey> places, TKey holder) : IDisposable
    {
        public void Dispose() => places.GiveBack(holder);
    }
}
