using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Integrations;

/// <param name="NextAfter">What the next page begins after; null on the last.</param>
internal sealed record IntegrationPage<T>(IReadOnlyList<T> Rows, long? NextAfter);

/// <summary>Lists are in the order of GitHub's numbers, which never change, so that paging hides nothing and shows nothing twice.</summary>
internal sealed class ReadIntegrations(IDbContextFactory<PilothouseDb> databases)
{
    /// <summary>Of one page, when everything is asked for at once (the v1 lists have no pages).</summary>
    public const int All = int.MaxValue - 1;

    public async Task<IntegrationPage<IntegrationRow>> ListAsync(
        WorkspaceId workspace, string kind, long after, int limit, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var rows = await db.Integrations.AsNoTracking().Of(workspace, kind)
            .Where(row => row.InstallationId > after)
            .OrderBy(row => row.InstallationId)
            .Take(limit + 1)
            .ToListAsync(cancellationToken);
        return Page(rows, limit, row => row.InstallationId);
    }

    /// <summary>Null when the workspace has no such integration of this kind.</summary>
    public async Task<IntegrationPage<IntegrationRepositoryRow>?> FindRepositoriesAsync(
        WorkspaceId workspace, string kind, Guid integration, long after, int limit, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (!await db.Integrations.Of(workspace, kind).AnyAsync(row => row.Id == integration, cancellationToken)) return null;
        var rows = await db.IntegrationRepositories.AsNoTracking()
            .Where(row => row.IntegrationId == integration && row.RepositoryId > after)
            .OrderBy(row => row.RepositoryId)
            .Take(limit + 1)
            .ToListAsync(cancellationToken);
        return Page(rows, limit, row => row.RepositoryId);
    }

    private static IntegrationPage<T> Page<T>(List<T> rows, int limit, Func<T, long> number) => rows.Count > limit
        ? new IntegrationPage<T>(rows[..limit], number(rows[limit - 1]))
        : new IntegrationPage<T>(rows, NextAfter: null);
}

internal static class IntegrationsOfWorkspaces
{
    public static IQueryable<IntegrationRow> Of(this IQueryable<IntegrationRow> rows, WorkspaceId workspace, string kind) =>
        rows.Where(row => row.WorkspaceId == workspace.Value && row.Kind == kind);
}
