using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Uploads;
using Pilothouse.Core;
using Pilothouse.Core.Blobs;
using Pilothouse.Core.Builds;

namespace Pilothouse.Control.Reconciling;

/// <summary>What a revision is built from, but for the archive itself.</summary>
/// <param name="Sha256">Of the archive; null: it did not come through us, and nobody has read it yet.</param>
internal sealed record BuildInput(string ObjectPath, string? Sha256, Func<BuildSource, BuildRequest> Of);

/// <summary>From a revision's row to what the build engine is asked for.</summary>
internal sealed class BuildInputs(IDbContextFactory<PilothouseDb> databases, SecretVault vault, UploadBlobs blobs)
{
    public const string SecretsDoNotOpen = "The secrets stored with this revision cannot be opened: set the deployment's secrets again.";

    private const string DefaultConfigPath = "langgraph.json";

    /// <returns>A rejection's message is for the revision's log.</returns>
    public async Task<Outcome<BuildInput>> OfAsync(RevisionRow row, CancellationToken cancellationToken)
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
        if (upload is not { StoredAt: not null }) return NotThere(path);
        return new BuildInput(path, upload.Sha256, archive => new BuildRequest
        {
            Workspace = new WorkspaceId(row.WorkspaceId),
            Deployment = new DeploymentId(row.DeploymentId),
            Revision = new RevisionId(row.Id),
            Source = archive,
            ConfigPath = string.IsNullOrEmpty(source.LanggraphConfigPath) ? DefaultConfigPath : source.LanggraphConfigPath,
            InstallCommand = row.InstallCommand,
            BuildCommand = row.BuildCommand,
        });
    }

    /// <summary>Brings the archive to this machine, and reads one that did not come through us for the first time.</summary>
    /// <exception cref="BuildUnavailableException">The bucket does not answer.</exception>
    public async Task<Outcome<LocalBlob>> OpenAsync(BuildInput input, CancellationToken cancellationToken)
    {
        try
        {
            return await blobs.OpenAsync(input.ObjectPath, cancellationToken) is { } archive ? archive : NotThere(input.ObjectPath);
        }
        catch (BucketUnavailableException away)
        {
            throw new BuildUnavailableException(away.Message, away);
        }
    }

    /// <returns>What to build from; a rejection when it is no archive, or another one than it was.</returns>
    public async Task<Outcome<BuildSource>> ReadAsync(BuildInput input, LocalBlob archive, CancellationToken cancellationToken)
    {
        if (!archive.IsCopy && input.Sha256 is { } known) return new BuildSource.Tarball(archive.File, known);
        var read = await ArchiveIntake.ReadAsync(archive.File, cancellationToken);
        if (!read.IsAccepted) return read.Rejection;
        if (input.Sha256 is { } before && !string.Equals(before, read.Value, StringComparison.Ordinal))
            return Refused($"The uploaded source '{input.ObjectPath}' is damaged: upload it again.");
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.Uploads.Where(row => row.ObjectPath == input.ObjectPath).ExecuteUpdateAsync(set => set.SetProperty(row => row.Sha256, read.Value), cancellationToken);
        return new BuildSource.Tarball(archive.File, read.Value);
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

    private static Rejection NotThere(string path) => Refused($"The uploaded source '{path}' is not there (any more): upload it again.");

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
