using System.Data;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Events;
using Pilothouse.Control.Idempotency;
using Pilothouse.Control.Revisions;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Deployments;

/// <summary>All SQL that writes deployments for requests. Call it inside the transaction that read the row.</summary>
internal sealed class DeploymentStore(TimeProvider clock, IOptions<DeploymentOptions> options)
{
    private static readonly PreparedWrite s_insert = new(
        $"""
        INSERT INTO deployments ({DeploymentColumns.Names})
        VALUES (@id, @workspace, @name, @agent, @environment, @source, @config, @revision, @secret_names, @secret_values, @references, @packages, @type,
          @status, @latest, @active, @image, @listener, @generation, @changed_at, @number, @created, @updated, @gateway)
        """,
        [
            ("@id", DbType.Guid), ("@workspace", DbType.Guid), ("@name", DbType.String), ("@agent", DbType.String), ("@environment", DbType.String),
            ("@source", DbType.String), ("@config", DbType.String), ("@revision", DbType.String), ("@secret_names", DbType.String),
            ("@secret_values", DbType.Binary), ("@references", DbType.String), ("@packages", DbType.String), ("@type", DbType.String),
            ("@status", DbType.String), ("@latest", DbType.Guid), ("@active", DbType.Guid), ("@image", DbType.String), ("@listener", DbType.Guid),
            ("@generation", DbType.Int64), ("@changed_at", DbType.Int64), ("@number", DbType.Int32), ("@created", DbType.DateTimeOffset),
            ("@updated", DbType.DateTimeOffset), ("@gateway", DbType.String),
        ]);

    private static readonly PreparedWrite s_update = new(
        """
        UPDATE deployments SET source_config = @config, source_revision_config = @revision, secret_names = @secret_names, secret_values = @secret_values,
          secret_references = @references, tracked_packages = @packages, latest_revision_id = @latest, next_revision_number = @number, updated_at = @updated
        WHERE id = @id AND workspace_id = @workspace AND generation = @generation AND updated_at = @read AND next_revision_number = @number_read
        """,
        [
            ("@config", DbType.String), ("@revision", DbType.String), ("@secret_names", DbType.String), ("@secret_values", DbType.Binary),
            ("@references", DbType.String), ("@packages", DbType.String), ("@latest", DbType.Guid), ("@number", DbType.Int32),
            ("@updated", DbType.DateTimeOffset), ("@id", DbType.Guid), ("@workspace", DbType.Guid), ("@generation", DbType.Int64),
            ("@read", DbType.DateTimeOffset), ("@number_read", DbType.Int32),
        ]);

    /// <exception cref="DbException">Its name, or its agent, is taken; see <see cref="UniqueViolations"/>.</exception>
    public static Task InsertAsync(PilothouseDb db, DeploymentRow row, CancellationToken cancellationToken) => db.Prepared.WriteAsync(
        s_insert,
        [
            row.Id, row.WorkspaceId, row.Name, row.AgentId, row.AgentEnvironment, row.Source, row.SourceConfig, row.SourceRevisionConfig, row.SecretNames,
            row.SecretValues, row.SecretReferences, row.TrackedPackages, row.DeploymentType, row.Status.ToString(), row.LatestRevisionId,
            row.ActiveRevisionId, row.ImageVersion, row.ListenerId, row.Generation, row.ChangedAt, row.NextRevisionNumber, row.CreatedAt, row.UpdatedAt,
            row.GatewayUrl,
        ],
        cancellationToken);

    /// <summary>Writes what the request wants, and the revision that follows from it.</summary>
    /// <param name="row">As read; carries the new values when this returns true.</param>
    /// <param name="told">Happenings of the new revision.</param>
    /// <returns>False when the row is not as it was read.</returns>
    public async Task<(bool IsWritten, RevisionRow? Revision)> WriteAsync(
        PilothouseDb db, DeploymentRow row, DeploymentSpec wanted, RevisionDraft? draft, IReadOnlyList<Told> told, CancellationToken cancellationToken)
    {
        var (generation, read, number) = (row.Generation, row.UpdatedAt, row.NextRevisionNumber);
        var now = After(read);
        wanted.WriteTo(row);
        row.UpdatedAt = now;
        var revision = draft is null ? null : NewRevision.Of(row, draft, now);

        var changed = await db.Prepared.WriteAsync(
            s_update,
            [
                row.SourceConfig, row.SourceRevisionConfig, row.SecretNames, row.SecretValues, row.SecretReferences, row.TrackedPackages,
                row.LatestRevisionId, row.NextRevisionNumber, row.UpdatedAt, row.Id, row.WorkspaceId, generation, read, number,
            ],
            cancellationToken);
        if (changed == 0) return (false, null);
        await ChangeScope.MadeAsync(db, row.Id, revision?.Id, cancellationToken);
        if (revision is null) return (true, null);

        db.Revisions.Add(revision);
        await db.SaveChangesAsync(cancellationToken);
        await NewRevision.TellAsync(db, revision, cancellationToken);
        foreach (var (kind, message, data) in told)
            await RevisionEvents.AddAsync(db, EventOf.This(revision), $"{kind}:{revision.Id:N}", now, kind, message, data, cancellationToken);
        return (true, revision);
    }

    /// <summary>Null while there is room for one more.</summary>
    public async Task<Rejection?> FindQueueFullAsync(PilothouseDb db, DeploymentRow row, CancellationToken cancellationToken)
    {
        var waiting = await db.Revisions.CountAsync(
            revision => revision.WorkspaceId == row.WorkspaceId && revision.DeploymentId == row.Id
                && (revision.Status == RevisionStatus.Creating || revision.Status == RevisionStatus.Queued),
            cancellationToken);
        return waiting < options.Value.MaxQueuedRevisions
            ? null
            : new Rejection(
                Codes.QueueFull,
                $"{waiting} revisions of deployment ID {row.Id} wait for their turn already, of which only the newest will run: wait for the one in progress to end.");
    }

    /// <returns>False when the row is not as it was read.</returns>
    public async Task<bool> WantDeletedAsync(PilothouseDb db, DeploymentRow row, CancellationToken cancellationToken)
    {
        var generation = row.Generation;
        await WantedChange.RaiseAsync(db, row, cancellationToken);
        row.Status = DeploymentStatus.AwaitingDelete;
        row.UpdatedAt = After(row.UpdatedAt);
        await RevisionEvents.AddAsync(
            db, new EventOf(row.WorkspaceId, row.Id, Revision: null), RequestEventKinds.DeletionRequested, row.UpdatedAt,
            RequestEventKinds.DeletionRequested, "The deployment is being deleted.", data: null, cancellationToken);
        return await db.Deployments.AtGeneration(row.WorkspaceId, row.Id, generation).ExecuteUpdateAsync(
            set => set
                .SetProperty(stored => stored.Status, row.Status)
                .SetProperty(stored => stored.Generation, row.Generation)
                .SetProperty(stored => stored.ChangedAt, row.ChangedAt)
                .SetProperty(stored => stored.UpdatedAt, row.UpdatedAt),
            cancellationToken) > 0;
    }

    /// <summary>Forgets the deployment. Its uploads stay listed: whoever sweeps them removes file and row together.</summary>
    /// <returns>False when the row is not as it was read.</returns>
    public static async Task<bool> PurgeAsync(PilothouseDb db, DeploymentRow row, CancellationToken cancellationToken)
    {
        var gone = await db.Deployments.AtGeneration(row.WorkspaceId, row.Id, row.Generation).ExecuteDeleteAsync(cancellationToken);
        if (gone == 0) return false;
        await db.Taggings.Where(tagging => tagging.WorkspaceId == row.WorkspaceId && tagging.DeploymentId == row.Id).ExecuteDeleteAsync(cancellationToken);
        await db.Pins.Where(pin => pin.WorkspaceId == row.WorkspaceId && pin.DeploymentId == row.Id).ExecuteDeleteAsync(cancellationToken);
        await db.Revisions.Where(revision => revision.WorkspaceId == row.WorkspaceId && revision.DeploymentId == row.Id).ExecuteDeleteAsync(cancellationToken);
        await db.Logs.Where(line => line.WorkspaceId == row.WorkspaceId && line.DeploymentId == row.Id).ExecuteDeleteAsync(cancellationToken);
        await db.Events.Where(told => told.WorkspaceId == row.WorkspaceId && told.DeploymentId == row.Id).ExecuteDeleteAsync(cancellationToken);
        return true;
    }

    /// <summary>Rises with every write, so that it tells two states apart (the store keeps whole milliseconds).</summary>
    private DateTimeOffset After(DateTimeOffset before)
    {
        var now = clock.GetUtcNow();
        return now.ToUnixTimeMilliseconds() > before.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds())
            : before.AddMilliseconds(1);
    }
}

/// <summary>A happening of a revision that a request tells.</summary>
internal sealed record Told(string Kind, string Message, System.Text.Json.JsonElement? Data = null);
