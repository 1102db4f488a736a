namespace Pilothouse.Core.Builds;

/// <summary>The finished artifacts of this machine.</summary>
public interface IArtifacts
{
    /// <summary>
    /// Removes the artifacts that nobody names, except those built or asked for lately: a revision may be about to name them. Safe to run at any time
    /// and twice; after a crash the next call finishes it.
    /// </summary>
    /// <param name="digestsInUse">Of all revisions that may still be started, whatever their state.</param>
    /// <returns>How many were removed.</returns>
    /// <exception cref="IOException">One could not be removed; the others before it are.</exception>
    Task<int> RemoveUnusedAsync(IReadOnlySet<string> digestsInUse, CancellationToken cancellationToken);
}
