using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.Artifacts;

/// <param name="bucket">Null: what is not on this machine is nowhere.</param>
internal sealed class KnownArtifacts(ArtifactStore store, ArtifactBucket? bucket) : IArtifacts
{
    public async Task<bool> HasAsync(string digest, CancellationToken cancellationToken) =>
        store.Has(digest) || (bucket is not null && await bucket.HasAsync(digest, cancellationToken));

    public async Task<bool> EnsureAsync(string digest, CancellationToken cancellationToken) =>
        store.Has(digest) || (bucket is not null && await bucket.FetchAsync(digest, cancellationToken));

    public async Task<int> RemoveUnusedAsync(IReadOnlySet<string> digestsInUse, CancellationToken cancellationToken)
    {
        var removed = await store.RemoveUnusedAsync(digestsInUse, cancellationToken);
        if (bucket is not null) removed += await bucket.RemoveUnusedAsync(digestsInUse, cancellationToken);
        return removed;
    }
}
