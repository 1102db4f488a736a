using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Pilothouse.Core.Blobs;

namespace Pilothouse.Testing.Buckets;

/// <summary>A bucket in memory. Its signed URLs answer nothing: <see cref="Put"/> does what their holder would.</summary>
public sealed class FakeBucket : IBucket
{
    private readonly ConcurrentDictionary<string, (byte[] Content, DateTimeOffset At)> _objects = new(StringComparer.Ordinal);

    /// <summary>What every call fails with; null: it answers.</summary>
    public Exception? Trouble { get; set; }

    public IReadOnlyCollection<string> Keys => [.. _objects.Keys.Order(StringComparer.Ordinal)];

    public void Put(string key, byte[] content) => _objects[key] = (content, TimeProvider.System.GetUtcNow());

    public Uri SignPut(string key, string contentType, TimeSpan lifetime) => new($"https://bucket.example/{key}?signed");

    public Task<BucketObject?> FindAsync(string key, CancellationToken cancellationToken)
    {
        Check();
        return Task.FromResult(_objects.TryGetValue(key, out var found) ? Described(key, found) : null);
    }

    public Task<bool> CopyAsync(string from, string to, string tag, CancellationToken cancellationToken)
    {
        Check();
        if (!_objects.TryGetValue(from, out var found) || !string.Equals(Described(from, found).Tag, tag, StringComparison.Ordinal)) return Task.FromResult(false);
        Put(to, found.Content);
        return Task.FromResult(true);
    }

    public async Task PutAsync(string key, string file, CancellationToken cancellationToken)
    {
        Check();
        Put(key, await File.ReadAllBytesAsync(file, cancellationToken));
    }

    public async Task<bool> GetAsync(string key, string file, CancellationToken cancellationToken)
    {
        Check();
        if (!_objects.TryGetValue(key, out var found)) return false;
        await File.WriteAllBytesAsync(file, found.Content, cancellationToken);
        return true;
    }

    public Task RemoveAsync(string key, CancellationToken cancellationToken)
    {
        Check();
        _objects.TryRemove(key, out _);
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<BucketObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Check();
        await Task.Yield();
        foreach (var (key, found) in _objects)
            if (key.StartsWith(prefix, StringComparison.Ordinal)) yield return Described(key, found);
    }

    private static BucketObject Described(string key, (byte[] Content, DateTimeOffset At) found) =>
        new(key, found.Content.Length, Convert.ToHexString(SHA256.HashData(found.Content)), found.At);

    private void Check()
    {
        if (Trouble is not null) throw Trouble;
    }
}
