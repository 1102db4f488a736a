namespace Pilothouse.Core.Builds;

/// <param name="File">Absolute path of a gzip'd tar; whoever opened it may read on when it is removed.</param>
/// <param name="Sha256">Of the file, lower-case hex: the same content has the same bytes, so that what broke off here may go on from another control plane.</param>
public sealed record Package(string File, string Sha256);

/// <summary>What a listener elsewhere fetches, ready to be sent in parts.</summary>
public interface IPackages
{
    /// <returns>Null when the artifact is not on this machine, and cannot be had.</returns>
    /// <exception cref="Blobs.BucketUnavailableException">Safe to retry.</exception>
    Task<Package?> ArtifactAsync(string digest, CancellationToken cancellationToken);

    /// <summary>Of the toolchain: what launch specs name below <c>${toolchain}</c>.</summary>
    /// <param name="name">Kind and version, e.g. <c>node/22.23.3</c>, or a start script's folder in one. Any text; null for what is none.</param>
    Task<Package?> ToolAsync(string name, CancellationToken cancellationToken);
}
