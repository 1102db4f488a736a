using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Revisions;

/// <summary>
/// Names what a revision is made from, so that the same source is known again: <c>github:{commit}:{config}</c>, <c>tarball:{sha256}:{config}</c>,
/// <c>image:{reference}</c>.
/// </summary>
internal static class SourceMark
{
    /// <param name="tarballSha256">Of the upload; null: not known, and then its path counts.</param>
    /// <returns>Null when it is not known: such a source is like no other.</returns>
    public static string? Of(string source, SourceRevisionConfig config, string? tarballSha256)
    {
        var file = string.IsNullOrEmpty(config.LanggraphConfigPath) ? "langgraph.json" : config.LanggraphConfigPath;
        if (source is Sources.GitHub) return config.RepoCommitSha is { Length: > 0 } commit ? $"github:{commit}:{file}" : null;
        if (source is Sources.ExternalDocker or Sources.InternalDocker) return config.ImageUri is { Length: > 0 } image ? $"image:{image}" : null;
        return (tarballSha256 ?? config.SourceTarballPath) is { Length: > 0 } tarball ? $"tarball:{tarball}:{file}" : null;
    }

    public static async Task<string?> OfAsync(
        PilothouseDb db, DeploymentRow row, string source, SourceRevisionConfig config, CancellationToken cancellationToken)
    {
        var sha256 = config.SourceTarballPath is { } path
            ? await db.Uploads
                .Where(upload => upload.ObjectPath == path && upload.DeploymentId == row.Id && upload.WorkspaceId == row.WorkspaceId)
                .Select(upload => upload.Sha256)
                .SingleOrDefaultAsync(cancellationToken)
            : null;
        return Of(source, config, sha256);
    }
}
