using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.Logs;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Logs;

internal sealed class ReadLogs(IDbContextFactory<PilothouseDb> databases)
{
    /// <summary>An answer ends early above this many characters; its offset leads on.</summary>
    private const int PageLength = 4 * 1024 * 1024;

    private const string LikeEscape = "\\";

    public async Task<Outcome<LogPage>> ReadAsync(LogScope scope, LogRequest request, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (!await ExistsAsync(db, scope, cancellationToken)) return ApiResults.DeploymentNotFound(scope.Deployment);

        var entries = new List<LogEntry>();
        LogOffset? last = null;
        var length = 0;
        await foreach (var row in Query(db, scope, request).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            var milliseconds = row.At.ToUnixTimeMilliseconds();
            entries.Add(new LogEntry($"{row.Sequence:x}", milliseconds, LogLevels.Name(row.Level), row.Message));
            last = new LogOffset(milliseconds, row.Sequence);
            length += row.Message.Length;
            if (length > PageLength) break;
        }

        return new LogPage(entries, last?.ToString());
    }

    private static async Task<bool> ExistsAsync(PilothouseDb db, LogScope scope, CancellationToken cancellationToken)
    {
        if (scope.Revision is { } revision)
        {
            return await db.Revisions.AnyAsync(
                row => row.Id == revision && row.DeploymentId == scope.Deployment && row.WorkspaceId == scope.Workspace, cancellationToken);
        }

        return await db.Deployments.AnyAsync(row => row.Id == scope.Deployment && row.WorkspaceId == scope.Workspace, cancellationToken);
    }

    private static IQueryable<LogRow> Query(PilothouseDb db, LogScope scope, LogRequest request)
    {
        var rows = db.Logs.AsNoTracking().Where(row => row.WorkspaceId == scope.Workspace && row.IsBuild == scope.IsBuild);
        rows = scope.Revision is { } revision
            ? rows.Where(row => row.RevisionId == revision)
            : rows.Where(row => row.DeploymentId == scope.Deployment);
        if (request.MinLevel > 0) rows = rows.Where(row => row.Level >= request.MinLevel);
        if (request.Start is { } start) rows = rows.Where(row => row.At >= start);
        if (request.End is { } end) rows = rows.Where(row => row.At <= end);
        foreach (var text in request.Contains)
        {
            var pattern = $"%{Escaped(text)}%";
            // LIKE takes upper for lower case on SQLite, and not on PostgreSQL.
            rows = db is PostgresDb
                ? rows.Where(row => EF.Functions.ILike(row.Message, pattern, LikeEscape))
                : rows.Where(row => EF.Functions.Like(row.Message, pattern, LikeEscape));
        }

        return Page(rows, request);
    }

    /// <summary>The condition on the time alone lets the index find the place; the line's number decides within a millisecond.</summary>
    private static IQueryable<LogRow> Page(IQueryable<LogRow> rows, LogRequest request)
    {
        if (request.Offset is { } offset)
        {
            var (at, sequence) = (offset.At, offset.Sequence);
            rows = request.IsDescending
                ? rows.Where(row => row.At <= at && (row.At < at || row.Sequence < sequence))
                : rows.Where(row => row.At >= at && (row.At > at || row.Sequence > sequence));
        }

        var ordered = request.IsDescending
            ? rows.OrderByDescending(row => row.At).ThenByDescending(row => row.Sequence)
            : rows.OrderBy(row => row.At).ThenBy(row => row.Sequence);
        return ordered.Take(request.Limit);
    }

    private static string Escaped(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("%", "\\%", StringComparison.Ordinal)
        .Replace("_", "\\_", StringComparison.Ordinal);
}
