using System.Data;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;

namespace Pilothouse.Control.Deployments;

/// <summary>Filters are joined by "and"; null filters nothing.</summary>
internal sealed record DeploymentsQuery
{
    public string? Name { get; init; }

    /// <summary>In any case.</summary>
    public string? NameContains { get; init; }

    public IReadOnlyList<DeploymentStatus>? Statuses { get; init; }

    /// <summary>True: served by a listener of the workspace's own; false: by the control plane's.</summary>
    public bool? IsRemote { get; init; }

    public IReadOnlyList<Guid>? TagValues { get; init; }
    public string? ImageVersion { get; init; }
    public string? DeploymentType { get; init; }
    public IReadOnlyList<Guid>? Ids { get; init; }
    public string? AgentId { get; init; }
    public string? AgentEnvironment { get; init; }
    public required int Limit { get; init; }
    public required int Offset { get; init; }
}

internal sealed class ReadDeployments(IDbContextFactory<PilothouseDb> databases, OpenContexts contexts)
{
    private static readonly PreparedRead<DeploymentRow> s_find = new(
        $"SELECT {DeploymentColumns.Names} FROM deployments WHERE id = @id AND workspace_id = @workspace",
        [("@id", DbType.Guid), ("@workspace", DbType.Guid)],
        DeploymentColumns.Read);

    private static readonly PreparedRead<DeploymentRow> s_newest = new(
        $"""
        SELECT {DeploymentColumns.Names} FROM deployments WHERE workspace_id = @workspace AND status <> '{nameof(DeploymentStatus.AwaitingDelete)}'
        ORDER BY created_at DESC, id DESC LIMIT @limit OFFSET @offset
        """,
        [("@workspace", DbType.Guid), ("@limit", DbType.Int32), ("@offset", DbType.Int32)],
        DeploymentColumns.Read);

    public async Task<DeploymentRow?> FindAsync(WorkspaceId workspace, Guid deployment, CancellationToken cancellationToken) =>
        (await contexts.ReadAsync(s_find, [deployment, workspace.Value], cancellationToken)) is [var row] ? row : null;

    /// <summary>In the transaction of the context, which its connection is open for. Untracked.</summary>
    public static async Task<DeploymentRow?> FindAsync(PilothouseDb db, WorkspaceId workspace, Guid deployment, CancellationToken cancellationToken) =>
        (await db.Prepared.ReadAsync(s_find, [deployment, workspace.Value], cancellationToken)) is [var row] ? row : null;

    /// <summary>
    /// Newest first, so that what is created while somebody pages moves rows to later pages and hides none. Deployments that are being deleted are
    /// listed only where their status is asked for.
    /// </summary>
    public async Task<IReadOnlyList<DeploymentRow>> ListAsync(WorkspaceId workspace, DeploymentsQuery query, CancellationToken cancellationToken) =>
        query == new DeploymentsQuery { Limit = query.Limit, Offset = query.Offset }
            ? await contexts.ReadAsync(s_newest, [workspace.Value, query.Limit, query.Offset], cancellationToken)
            : await contexts.UseAsync(db => Page(db, workspace, query).ToListAsync(cancellationToken), cancellationToken);

    internal static IQueryable<DeploymentRow> Page(PilothouseDb db, WorkspaceId workspace, DeploymentsQuery query) =>
        Tagged(db, workspace, Filtered(db.Deployments.AsNoTracking().Where(row => row.WorkspaceId == workspace.Value), query), query.TagValues ?? [])
            .OrderByDescending(row => row.CreatedAt)
            .ThenByDescending(row => row.Id)
            .Skip(query.Offset)
            .Take(query.Limit);

    public async Task<int> CountFreeAsync(OrganizationId organization, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Workspaces
            .Where(workspace => workspace.OrganizationId == organization.Value)
            .Join(db.Deployments, workspace => workspace.Id, row => row.WorkspaceId, (_, row) => row)
            .CountAsync(
                row => row.DeploymentType == DeploymentTypes.DevFree && row.Status != DeploymentStatus.AwaitingDelete, cancellationToken);
    }

    private static IQueryable<DeploymentRow> Filtered(IQueryable<DeploymentRow> rows, DeploymentsQuery query)
    {
        rows = query.Statuses is { } statuses
            ? rows.Where(row => statuses.Contains(row.Status))
            : rows.Where(row => row.Status != DeploymentStatus.AwaitingDelete);
        if (query.Name is { } name) rows = rows.Where(row => row.Name == name);
        if (query.NameContains is { } part)
        {
            var lower = part.ToLowerInvariant();
            // Runs in the database, which knows no StringComparison.
#pragma warning disable CA1862
            rows = rows.Where(row => row.Name.ToLower().Contains(lower));
#pragma warning restore CA1862
        }

        if (query.IsRemote is { } isRemote) rows = rows.Where(row => row.ListenerId != null == isRemote);
        if (query.ImageVersion is { } version) rows = rows.Where(row => row.ImageVersion == version);
        if (query.DeploymentType is { } type) rows = rows.Where(row => row.DeploymentType == type);
        if (query.Ids is { } ids) rows = rows.Where(row => ids.Contains(row.Id));
        if (query.AgentId is { } agent) rows = rows.Where(row => row.AgentId == agent);
        if (query.AgentEnvironment is { } environment) rows = rows.Where(row => row.AgentEnvironment == environment);
        return rows;
    }

    /// <summary>Those that have all of the values.</summary>
    private static IQueryable<DeploymentRow> Tagged(PilothouseDb db, WorkspaceId workspace, IQueryable<DeploymentRow> rows, IReadOnlyList<Guid> values)
    {
        foreach (var value in values.Distinct())
        {
            rows = rows.Where(row => db.Taggings.Any(
                tagging => tagging.WorkspaceId == workspace.Value && tagging.TagValueId == value && tagging.DeploymentId == row.Id));
        }

        return rows;
    }
}
