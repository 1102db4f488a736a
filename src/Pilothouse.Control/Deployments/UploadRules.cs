using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Deployments;

/// <summary>A deployment is built from its own uploads only.</summary>
internal static class UploadRules
{
    public const string NotHandedOut =
        "source_revision_config.source_tarball_path must be an object_path that POST /v2/deployments/{deployment_id}/upload-url answered for this deployment.";

    public static async Task CheckAsync(
        PilothouseDb db, DeploymentRow deployment, string objectPath, Refusals refusals, CancellationToken cancellationToken)
    {
        var upload = await db.Uploads.AsNoTracking().SingleOrDefaultAsync(
            row => row.ObjectPath == objectPath && row.DeploymentId == deployment.Id && row.WorkspaceId == deployment.WorkspaceId,
            cancellationToken);
        if (upload is null) refusals.Add(NotHandedOut, Codes.SourceConfiguration);
        else if (upload.StoredAt is null)
            refusals.Add(
                "source_revision_config.source_tarball_path names an upload that has not arrived: PUT the archive to its upload_url first.",
                Codes.SourceConfiguration);
    }
}
