using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Tags;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Tags;

/// <summary>Writes tag keys and their values. What goes takes its taggings with it.</summary>
internal sealed class TagStore(IDbContextFactory<PilothouseDb> databases, TimeProvider clock)
{
    public const int MaxKeys = 200;
    public const int MaxValues = 1000;

    public Task<Outcome<TagKeyRow>> CreateKeyAsync(WorkspaceId workspace, TagKeyCreate wanted, CancellationToken cancellationToken) => WriteAsync<TagKeyRow>(
        workspace, async db =>
        {
            if (await db.TagKeys.CountAsync(one => one.WorkspaceId == workspace.Value, cancellationToken) >= MaxKeys)
                return new Rejection(Codes.LimitReached, $"There may be {MaxKeys} tag keys in a workspace, and there are: delete those that nothing has.");
            var now = Now();
            var row = new TagKeyRow
            {
                Id = TimeOrderedUuid.New(),
                WorkspaceId = workspace.Value,
                Key = wanted.Key,
                Description = wanted.Description,
                CreatedAt = now,
                UpdatedAt = now,
            };
            db.TagKeys.Add(row);
            return row;
        },
        () => TagRejections.KeyTaken(wanted.Key), cancellationToken);

    public Task<Outcome<TagKeyRow>> PatchKeyAsync(WorkspaceId workspace, Guid key, TagKeyPatch patch, CancellationToken cancellationToken) => WriteAsync<TagKeyRow>(
        workspace, async db =>
        {
            if (await db.TagKeys.SingleOrDefaultAsync(one => one.Id == key && one.WorkspaceId == workspace.Value, cancellationToken) is not { } row)
                return TagRejections.KeyNotFound(key);
            row.Key = patch.Key ?? row.Key;
            row.Description = patch.Description ?? row.Description;
            row.UpdatedAt = Now();
            return row;
        },
        () => TagRejections.KeyTaken(patch.Key!), cancellationToken);

    public Task<Outcome<Guid>> DeleteKeyAsync(WorkspaceId workspace, Guid key, CancellationToken cancellationToken) => WriteAsync<Guid>(
        workspace, async db =>
        {
            if (await db.TagKeys.Where(row => row.Id == key && row.WorkspaceId == workspace.Value).ExecuteDeleteAsync(cancellationToken) == 0)
                return TagRejections.KeyNotFound(key);
            var values = db.TagValues.Where(row => row.TagKeyId == key && row.WorkspaceId == workspace.Value);
            await db.Taggings.Where(row => row.WorkspaceId == workspace.Value && values.Any(value => value.Id == row.TagValueId)).ExecuteDeleteAsync(cancellationToken);
            await values.ExecuteDeleteAsync(cancellationToken);
            return key;
        },
        Unthinkable, cancellationToken);

    public Task<Outcome<TagValueRow>> CreateValueAsync(WorkspaceId workspace, Guid key, TagValueCreate wanted, CancellationToken cancellationToken) =>
        WriteAsync<TagValueRow>(
            workspace, async db =>
            {
                if (!await db.TagKeys.AnyAsync(one => one.Id == key && one.WorkspaceId == workspace.Value, cancellationToken)) return TagRejections.KeyNotFound(key);
                if (await db.TagValues.CountAsync(one => one.TagKeyId == key && one.WorkspaceId == workspace.Value, cancellationToken) >= MaxValues)
                    return new Rejection(Codes.LimitReached, $"There may be {MaxValues} values of a tag key, and there are: delete those that nothing has.");
                var now = Now();
                var row = new TagValueRow
                {
                    Id = TimeOrderedUuid.New(),
                    WorkspaceId = workspace.Value,
                    TagKeyId = key,
                    Value = wanted.Value,
                    Description = wanted.Description,
                    CreatedAt = now,
                    UpdatedAt = now,
                };
                db.TagValues.Add(row);
                return row;
            },
            () => TagRejections.ValueTaken(wanted.Value), cancellationToken);

    public Task<Outcome<TagValueRow>> PatchValueAsync(WorkspaceId workspace, Guid key, Guid value, TagValuePatch patch, CancellationToken cancellationToken) =>
        WriteAsync<TagValueRow>(
            workspace, async db =>
            {
                if (await db.TagValues.SingleOrDefaultAsync(
                    one => one.Id == value && one.TagKeyId == key && one.WorkspaceId == workspace.Value, cancellationToken) is not { } row)
                    return TagRejections.ValueNotFound(value);
                row.Value = patch.Value ?? row.Value;
                row.Description = patch.Description ?? row.Description;
                row.UpdatedAt = Now();
                return row;
            },
            () => TagRejections.ValueTaken(patch.Value!), cancellationToken);

    public Task<Outcome<Guid>> DeleteValueAsync(WorkspaceId workspace, Guid key, Guid value, CancellationToken cancellationToken) => WriteAsync<Guid>(
        workspace, async db =>
        {
            var gone = await db.TagValues.Where(row => row.Id == value && row.TagKeyId == key && row.WorkspaceId == workspace.Value)
                .ExecuteDeleteAsync(cancellationToken);
            if (gone == 0) return TagRejections.ValueNotFound(value);
            await db.Taggings.Where(row => row.TagValueId == value && row.WorkspaceId == workspace.Value).ExecuteDeleteAsync(cancellationToken);
            return value;
        },
        Unthinkable, cancellationToken);

    private static Rejection Unthinkable() => throw new System.Diagnostics.UnreachableException("A deletion doubles nothing.");

    /// <summary>All of it, or, after a rejection, nothing.</summary>
    /// <param name="taken">When the name is another's.</param>
    private async Task<Outcome<T>> WriteAsync<T>(
        WorkspaceId workspace, Func<PilothouseDb, Task<Outcome<T>>> write, Func<Rejection> taken, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(workspace.Value, cancellationToken);
        var outcome = await write(db);
        if (!outcome.IsAccepted) return outcome;
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException doubled) when (doubled.IsUniqueViolation())
        {
            return taken();
        }

        await transaction.CommitAsync(cancellationToken);
        return outcome;
    }

    /// <summary>As the store keeps it.</summary>
    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds());
}
