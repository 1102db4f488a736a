using Pilothouse.Core.Blobs;

namespace Pilothouse.Core.Builds;

/// <summary>The finished artifacts of this machine, and those that it can get.</summary>
public interface IArtifacts
{
    /// <returns>Whether it is here, or where it can be had from.</returns>
    /// <exception cref="BucketUnavailableException">Safe to retry.</exception>
    Task<bool> HasAsync(string digest, CancellationToken cancellationToken);

    /// <summary>Brings it to this machine, proven to be what its digest says; one that is here already is left alone. Safe to call twice.</summary>
    /// <returns>False when there is none: it has to be built (again).</returns>
    /// <exception cref="BucketUnavailableException">Safe to retry.</exception>
    /// <exception cref="IOException">This machine's disk failed; safe to retry.</exception>
    Task<bool> EnsureAsync(string digest, CancellationToken cancellationToken);

    /// <summary>
    /// Removes the artifacts that nobody names, except those built or asked for lately: a revision may be about to name them. Safe to run at any time
    /// and twice; after a crash the next call finishes it.
    /// </summary>
    /// <param name="digestsInUse">Of all revisions that may still be started, whatever their state.</param>
    /// <returns>How many were removed.</returns>
    /// <exception cref="IOException">One could not be removed; the others before it are.</exception>
    /// <exception cref="BucketUnavailableException">Safe to retry.</exception>
    Task<int> RemoveUnusedAsync(IReadOnlySet<string> digestsInUse, CancellationToken cancellationToken);
}
