using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Quotas;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;

namespace Pilothouse.Control.Uploads;

/// <summary>Sources whose archive or image comes through the control plane itself.</summary>
internal static class InternalSources
{
    public static bool Has(string source) => source.StartsWith("internal_", StringComparison.Ordinal);
}

internal sealed class CreateUploadUrl(
    IDbContextFactory<PilothouseDb> databases, UploadBlobs blobs, WorkspaceRoom room, IOptions<UploadsOptions> options, TimeProvider clock)
{
    /// <summary>The type is what the clients send anyway; without any header here they send one of another vendor.</summary>
    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal) { ["Content-Type"] = "application/gzip" };

    /// <param name="publicUrl">Without a slash at its end.</param>
    public async Task<Outcome<UploadUrl>> RunAsync(WorkspaceId workspace, Guid deployment, string publicUrl, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var row = await db.Deployments.AsNoTracking()
            .SingleOrDefaultAsync(row => row.Id == deployment && row.WorkspaceId == workspace.Value, cancellationToken);
        if (row is null || row.Status == DeploymentStatus.AwaitingDelete) return ApiResults.DeploymentNotFound(deployment);
        if (!InternalSources.Has(row.Source))
        {
            return new Rejection(
                Codes.WrongSource,
                $"Source uploads are only available for 'internal_source' source deployments; this one's source is '{row.Source}'.");
        }

        if (await room.ForUploadAsync(db, workspace.Value, cancellationToken) is { } full) return full;
        var now = clock.GetUtcNow();
        var token = UploadToken.New();
        var upload = new UploadRow
        {
            ObjectPath = UploadBlobs.NewObjectPath(workspace.Value, deployment),
            WorkspaceId = workspace.Value,
            DeploymentId = deployment,
            TokenHash = UploadToken.Hash(token)!,
            ExpiresAt = now + options.Value.Lifetime,
            CreatedAt = now,
        };
        db.Uploads.Add(upload);
        await db.SaveChangesAsync(cancellationToken);
        var url = blobs.SignUpload(upload.ObjectPath, options.Value.Lifetime)?.AbsoluteUri ?? $"{publicUrl}/uploads/{token}";
        return new UploadUrl(url, upload.ObjectPath, s_headers);
    }
}
