using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Uploads;
using Pilothouse.Core;
using Pilothouse.Core.Builds;

namespace Pilothouse.Control.Reconciling;

/// <summary>From a revision's row to what the build engine is asked for.</summary>
internal sealed class BuildInputs(IDbContextFactory<PilothouseDb> databases, SecretVault vault, UploadBlobs blobs)
{
    public const string SecretsDoNotOpen = "The secrets stored with this revision cannot be opened: set the deployment's secrets again.";

    private const string DefaultConfigPath = "langgraph.json";

    /// <returns>A rejection's message is for the revision's log.</returns>
    public async Task<Outcome<BuildRequest>> OfAsync(RevisionRow row, CancellationToken cancellationToken)
    {
        if (!InternalSources.Has(row.Source))
            return Refused($"Sources of the kind '{row.Source}' cannot be built here: nothing connects this control plane to them. Deploy from a local folder with --remote.");
        if (!await SecretsOpenAsync(row, cancellationToken)) return Refused(SecretsDoNotOpen);

        var source = Source(row);
        if (source?.SourceTarballPath is not { Length: > 0 } path)
            return Refused("This revision names no uploaded source: upload an archive, and send its path as source_revision_config.source_tarball_path.");

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var upload = await db.Uploads.AsNoTracking().SingleOrDefaultAsync(
            upload => upload.ObjectPath == path && upload.WorkspaceId == row.WorkspaceId && upload.DeploymentId == row.DeploymentId, cancellationToken);
        if (upload is not { StoredAt: not null, Sha256: { } sha256 } || !File.Exists(blobs.FileOf(upload.ObjectPath)))
            return Refused($"The uploaded source '{path}' is not there (any more): upload it again.");

        return new BuildRequest
        {
            Workspace = new WorkspaceId(row.WorkspaceId),
            Deployment = new DeploymentId(row.DeploymentId),
            Revision = new RevisionId(row.Id),
            Source = new BuildSource.Tarball(blobs.FileOf(upload.ObjectPath), sha256),
            ConfigPath = string.IsNullOrEmpty(source.LanggraphConfigPath) ? DefaultConfigPath : source.LanggraphConfigPath,
            InstallCommand = row.InstallCommand,
            BuildCommand = row.BuildCommand,
        };
    }

    private static SourceRevisionConfig? Source(RevisionRow row)
    {
        try
        {
            return JsonSerializer.Deserialize(row.SourceRevisionConfig, ApiJson.Default.SourceRevisionConfig);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Rejection Refused(string message) => new(Codes.SourceConfiguration, message);

    public async Task<bool> SecretsOpenAsync(RevisionRow row, CancellationToken cancellationToken)
    {
        try
        {
            await vault.OpenAsync(new WorkspaceId(row.WorkspaceId), row.SecretValues, cancellationToken);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
