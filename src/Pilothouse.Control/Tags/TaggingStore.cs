using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Tags;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Tags;

/// <summary>Puts values on deployments and takes them off.</summary>
internal sealed class TaggingStore(IDbContextFactory<PilothouseDb> databases, TimeProvider clock)
{
    public async Task<Outcome<TaggingRow>> CreateAsync(WorkspaceId workspace, TaggingCreate wanted, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);

        // It holds the write lock: neither of the two can go meanwhile.
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        foreach (var id in new[] { workspace.Value, wanted.ResourceId }.Order()) await db.HoldAsync(id, cancellationToken);
        if (!await db.TagValues.AnyAsync(row => row.Id == wanted.TagValueId && row.WorkspaceId == workspace.Value, cancellationToken))
            return TagRejections.ValueNotFound(wanted.TagValueId);
        if (!await db.Deployments.AnyAsync(row => row.Id == wanted.ResourceId && row.WorkspaceId == workspace.Value, cancellationToken))
            return ApiResults.DeploymentNotFound(wanted.ResourceId);
        if (await db.Taggings.AnyAsync(row => row.TagValueId == wanted.TagValueId && row.DeploymentId == wanted.ResourceId, cancellationToken))
            return new Rejection(Codes.Conflict, $"Deployment ID {wanted.ResourceId} has tag value ID {wanted.TagValueId} already.");

        var now = DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds());
        var tagging = new TaggingRow
        {
            Id = TimeOrderedUuid.New(),
            WorkspaceId = workspace.Value,
            TagValueId = wanted.TagValueId,
            DeploymentId = wanted.ResourceId,
            CreatedAt = now,
        };
        db.Taggings.Add(tagging);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return tagging;
    }

    /// <returns>False when there is no such tagging.</returns>
    public async Task<bool> DeleteAsync(WorkspaceId workspace, Guid tagging, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Taggings.Where(row => row.Id == tagging && row.WorkspaceId == workspace.Value).ExecuteDeleteAsync(cancellationToken) > 0;
    }
}
