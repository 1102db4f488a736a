using Pilothouse.Core.Builds;

namespace Pilothouse.Control.Tests.World;

/// <summary>Artifacts are the folders that a test made.</summary>
internal sealed class FolderArtifacts(string dataDirectory) : IArtifacts
{
    public Task<bool> HasAsync(string digest, CancellationToken cancellationToken) => Task.FromResult(Directory.Exists(Path.Combine(dataDirectory, "artifacts", digest)));

    public Task<bool> EnsureAsync(string digest, CancellationToken cancellationToken) => HasAsync(digest, cancellationToken);

    public Task<int> RemoveUnusedAsync(IReadOnlySet<string> digestsInUse, CancellationToken cancellationToken) => Task.FromResult(0);
}
