using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Uploads;

/// <summary>
/// Archives that their senders put into the bucket themselves: nobody tells that one has come, so that whoever names it looks. What is named from then
/// on is a copy, since the sender's URL may be used until it expires.
/// </summary>
internal sealed class UploadArrivals(IDbContextFactory<PilothouseDb> databases, UploadBlobs blobs, IOptions<UploadsOptions> options, TimeProvider clock)
{
    /// <summary>Written anew at that moment; a sender who goes on with that has lost its way.</summary>
    private const int Tries = 3;

    /// <returns>Why the archive cannot be taken; null when it was, or has not come, or came through us.</returns>
    public async Task<Rejection?> TakeAsync(WorkspaceId workspace, Guid deployment, string objectPath, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var uploads = db.Uploads.Where(row => row.ObjectPath == objectPath && row.DeploymentId == deployment && row.WorkspaceId == workspace.Value && row.StoredAt == null);
        if (!await uploads.AnyAsync(cancellationToken)) return null;
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            if (await blobs.FindArrivedAsync(objectPath, cancellationToken) is not { } arrived) return null;
            var limit = options.Value.LimitBytes;
            if (arrived.Bytes > limit) return ArchiveIntake.TooLarge(limit);
            if (!await blobs.KeepAsync(objectPath, arrived, cancellationToken)) continue;
            await uploads.ExecuteUpdateAsync(
                set => set.SetProperty(row => row.StoredAt, clock.GetUtcNow()).SetProperty(row => row.SizeBytes, arrived.Bytes), cancellationToken);
            return null;
        }

        return null;
    }
}
