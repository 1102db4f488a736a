using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.Tags;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Tags;

/// <summary>A value on a deployment.</summary>
internal sealed class TagOnDeployment
{
    public required TagKeyRow Key { get; init; }
    public required TagValueRow Value { get; init; }
    public required TaggingRow Tagging { get; init; }
}

internal sealed class ReadTags(IDbContextFactory<PilothouseDb> databases)
{
    /// <summary>By key.</summary>
    public async Task<IReadOnlyList<TagKeyRow>> KeysAsync(WorkspaceId workspace, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.TagKeys.AsNoTracking().Where(row => row.WorkspaceId == workspace.Value).OrderBy(row => row.Key).ToListAsync(cancellationToken);
    }

    public async Task<TagKeyRow?> FindKeyAsync(WorkspaceId workspace, Guid key, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.TagKeys.AsNoTracking().SingleOrDefaultAsync(row => row.Id == key && row.WorkspaceId == workspace.Value, cancellationToken);
    }

    /// <summary>By value.</summary>
    /// <returns>Null when there is no such key.</returns>
    public async Task<IReadOnlyList<TagValueRow>?> ValuesAsync(WorkspaceId workspace, Guid key, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (!await db.TagKeys.AnyAsync(row => row.Id == key && row.WorkspaceId == workspace.Value, cancellationToken)) return null;
        return await db.TagValues.AsNoTracking()
            .Where(row => row.TagKeyId == key && row.WorkspaceId == workspace.Value)
            .OrderBy(row => row.Value)
            .ToListAsync(cancellationToken);
    }

    public async Task<TagValueRow?> FindValueAsync(WorkspaceId workspace, Guid key, Guid value, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.TagValues.AsNoTracking()
            .SingleOrDefaultAsync(row => row.Id == value && row.TagKeyId == key && row.WorkspaceId == workspace.Value, cancellationToken);
    }

    /// <summary>Keys and values, each in its order.</summary>
    public async Task<IReadOnlyList<TagKeyWithValues>> AllAsync(WorkspaceId workspace, CancellationToken cancellationToken)
    {
        var keys = await KeysAsync(workspace, cancellationToken);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var values = (await db.TagValues.AsNoTracking()
                .Where(row => row.WorkspaceId == workspace.Value)
                .OrderBy(row => row.Value)
                .ToListAsync(cancellationToken))
            .ToLookup(row => row.TagKeyId);
        return
        [
            .. keys.Select(row => new TagKeyWithValues
            {
                Id = row.Id, Key = row.Key, Description = row.Description, CreatedAt = row.CreatedAt, UpdatedAt = row.UpdatedAt,
                Values = [.. values[row.Id].Select(TagAnswers.Of)],
            }),
        ];
    }

    /// <summary>What a deployment is tagged with.</summary>
    /// <returns>Null when there is no such deployment.</returns>
    public async Task<IReadOnlyList<TagKeyOnResource>?> OfDeploymentAsync(WorkspaceId workspace, Guid deployment, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (!await db.Deployments.AnyAsync(row => row.Id == deployment && row.WorkspaceId == workspace.Value, cancellationToken)) return null;
        var found = await Tags(db, workspace).Where(tag => tag.Tagging.DeploymentId == deployment).ToListAsync(cancellationToken);
        return
        [
            .. found.GroupBy(tag => tag.Key.Id).Select(tags => (tags.First().Key, Tags: tags)).OrderBy(group => group.Key.Key, StringComparer.Ordinal).Select(
                group => new TagKeyOnResource
                {
                    Id = group.Key.Id, Key = group.Key.Key, Description = group.Key.Description, CreatedAt = group.Key.CreatedAt, UpdatedAt = group.Key.UpdatedAt,
                    Values =
                    [
                        .. group.Tags.OrderBy(tag => tag.Value.Value, StringComparer.Ordinal).Select(tag => new TagValueOnResource
                        {
                            Id = tag.Value.Id, TagKeyId = tag.Value.TagKeyId, Value = tag.Value.Value, Description = tag.Value.Description,
                            CreatedAt = tag.Value.CreatedAt, UpdatedAt = tag.Value.UpdatedAt, Taggings = [TagAnswers.Of(tag.Tagging)],
                        }),
                    ],
                }),
        ];
    }

    /// <summary>Values that something has, and what has them, newest tagging first.</summary>
    /// <param name="value">Only this one; null: all.</param>
    public async Task<IReadOnlyList<TaggedResources>> TaggedAsync(WorkspaceId workspace, Guid? value, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var tags = Tags(db, workspace);
        if (value is { } only) tags = tags.Where(tag => tag.Value.Id == only);
        var found = await tags
            .Join(db.Deployments, tag => tag.Tagging.DeploymentId, row => row.Id, (tag, row) => new { tag.Key, tag.Value, tag.Tagging, row.Name })
            .ToListAsync(cancellationToken);
        return
        [
            .. found.GroupBy(tag => tag.Value.Id)
                .Select(tags => (tags.First().Key, tags.First().Value, Tags: tags))
                .OrderBy(group => group.Key.Key, StringComparer.Ordinal)
                .ThenBy(group => group.Value.Value, StringComparer.Ordinal)
                .Select(group => new TaggedResources
                {
                    TagKey = group.Key.Key,
                    TagKeyId = group.Key.Id,
                    TagValue = group.Value.Value,
                    TagValueId = group.Value.Id,
                    Resources = new ResourcesByKind(
                    [
                        .. group.Tags.OrderByDescending(tag => tag.Tagging.CreatedAt).ThenByDescending(tag => tag.Tagging.Id)
                            .Select(tag => new TaggedResource(tag.Tagging.Id, tag.Name, TaggedKinds.Deployment, tag.Tagging.DeploymentId)),
                    ]),
                }),
        ];
    }

    private static IQueryable<TagOnDeployment> Tags(PilothouseDb db, WorkspaceId workspace) =>
        from tagging in db.Taggings.AsNoTracking()
        join tagValue in db.TagValues.AsNoTracking() on tagging.TagValueId equals tagValue.Id
        join key in db.TagKeys.AsNoTracking() on tagValue.TagKeyId equals key.Id
        where tagging.WorkspaceId == workspace.Value
        select new TagOnDeployment { Key = key, Value = tagValue, Tagging = tagging };
}
