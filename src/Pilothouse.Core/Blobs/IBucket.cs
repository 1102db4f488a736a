namespace Pilothouse.Core.Blobs;

/// <param name="Key">As in <see cref="IBucket"/>.</param>
/// <param name="Tag">Changes with every change of the content; opaque.</param>
/// <param name="At">Of its last change.</param>
public sealed record BucketObject(string Key, long Bytes, string Tag, DateTimeOffset At);

/// <summary>
/// Object storage that all control planes of one store see: uploads and artifacts, where there is one; without one they lie in a directory. An object
/// appears whole and is never seen half written. Keys are relative, e.g. <c>artifacts/2f….tar.gz</c>. Every call is safe to repeat; each throws
/// <see cref="BucketUnavailableException"/> when the storage does not answer or refuses its operator's credentials.
/// </summary>
public interface IBucket
{
    /// <summary>Lets somebody who has no credentials put one object, whatever was there before, until the time is over.</summary>
    /// <param name="contentType">What the sender has to say; the signature covers it.</param>
    Uri SignPut(string key, string contentType, TimeSpan lifetime);

    /// <returns>Null when there is none.</returns>
    Task<BucketObject?> FindAsync(string key, CancellationToken cancellationToken);

    /// <summary>Inside the storage.</summary>
    /// <returns>False when there is no such object, or another content than that of the tag.</returns>
    Task<bool> CopyAsync(string from, string to, string tag, CancellationToken cancellationToken);

    /// <summary>Replaces what was there.</summary>
    Task PutAsync(string key, string file, CancellationToken cancellationToken);

    /// <summary>Writes the object to a new file; one that was begun is removed when this fails.</summary>
    /// <returns>False when there is no such object.</returns>
    Task<bool> GetAsync(string key, string file, CancellationToken cancellationToken);

    /// <summary>One that is not there is fine.</summary>
    Task RemoveAsync(string key, CancellationToken cancellationToken);

    /// <param name="prefix">Begin of the keys, e.g. <c>artifacts/</c>.</param>
    IAsyncEnumerable<BucketObject> ListAsync(string prefix, CancellationToken cancellationToken);
}

/// <summary>Safe to try again.</summary>
public sealed class BucketUnavailableException(string message, Exception inner) : Exception(message, inner);
