using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Uploads;

/// <summary>Removes uploads that nobody can want any more: file first, so that every file always has a row.</summary>
internal sealed class UploadSweep(
    IDbContextFactory<PilothouseDb> databases, UploadBlobs blobs, IOptions<UploadsOptions> options, TimeProvider clock)
{
    /// <summary>An upload may be under way when its URL expires.</summary>
    private static readonly TimeSpan s_underWay = TimeSpan.FromHours(6);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var now = clock.GetUtcNow();
        var expired = now - s_underWay;
        var unused = await db.Uploads.AsNoTracking()
            .Where(row => row.StoredAt == null && row.ExpiresAt < expired)
            .ToListAsync(cancellationToken);
        foreach (var upload in unused) await RemoveAsync(db, upload, cancellationToken);

        var old = now - options.Value.KeptUnused;
        var stored = await db.Uploads.AsNoTracking().Where(row => row.StoredAt < old).ToListAsync(cancellationToken);
        foreach (var ofDeployment in stored.GroupBy(upload => upload.DeploymentId))
        {
            var needed = await NeededAsync(db, ofDeployment.Key, cancellationToken);
            foreach (var upload in ofDeployment.Where(upload => !needed.Contains(upload.ObjectPath)))
                await RemoveAsync(db, upload, cancellationToken);
        }
    }

    private async Task RemoveAsync(PilothouseDb db, UploadRow upload, CancellationToken cancellationToken)
    {
        await blobs.RemoveAsync(upload.ObjectPath, cancellationToken);
        await db.Uploads.Where(row => row.ObjectPath == upload.ObjectPath).ExecuteDeleteAsync(cancellationToken);
    }

    private async Task<HashSet<string>> NeededAsync(PilothouseDb db, Guid deployment, CancellationToken cancellationToken)
    {
        var active = await db.Deployments.Where(row => row.Id == deployment).Select(row => row.ActiveRevisionId).SingleOrDefaultAsync(cancellationToken);
        var revisions = await db.Revisions.AsNoTracking()
            .Where(row => row.DeploymentId == deployment)
            .OrderByDescending(row => row.Number)
            .Select(row => new { row.Id, row.Status, row.SourceRevisionConfig })
            .ToListAsync(cancellationToken);
        return revisions
            .Where((revision, index) => index < options.Value.KeptRevisions || revision.Id == active || !revision.Status.IsTerminal())
            .Select(revision => JsonSerializer.Deserialize(revision.SourceRevisionConfig, ApiJson.Default.SourceRevisionConfig)?.SourceTarballPath)
            .OfType<string>()
            .ToHashSet(StringComparer.Ordinal);
    }
}
