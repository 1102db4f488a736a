using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Logs;

/// <param name="Message">Ready to be stored: see <see cref="LogText.Stored"/>.</param>
internal sealed record LogLine(Guid Workspace, Guid Deployment, Guid Revision, bool IsBuild, DateTimeOffset At, int Level, string Message);

/// <summary>All SQL that writes log lines. Joins the caller's transaction.</summary>
internal sealed class LogTable(IOptions<LogsOptions> options, TimeProvider clock)
{
    /// <summary>
    /// A reader who follows asks for everything from the newest time on, at least ten lines at a time: were more lines of one millisecond than
    /// that, it would never get past them.
    /// </summary>
    private const int LinesPerMillisecond = 5;

    private const int DeletedAtOnce = 5_000;

    private readonly ConcurrentDictionary<(Guid Deployment, bool IsBuild), int> _untrimmed = new();

    /// <summary>
    /// Adds the lines in their order. Their times are moved where needed: never into the future, and never so that times fall within one log. Lines
    /// of deployments that are gone are dropped.
    /// </summary>
    public async Task InsertAsync(PilothouseDb db, IReadOnlyList<LogLine> lines, CancellationToken cancellationToken)
    {
        var named = lines.Select(line => line.Deployment).Distinct().Order().ToList();

        // Times are given by the newest line that is stored.
        foreach (var deployment in named) await db.HoldAsync(deployment, cancellationToken);
        var present = await db.Deployments.Where(row => named.Contains(row.Id)).Select(row => row.Id).ToListAsync(cancellationToken);
        var now = clock.GetUtcNow();
        var streams = lines
            .Where(line => present.Contains(line.Deployment))
            .GroupBy(line => (line.Deployment, line.IsBuild))
            .ToList();
        foreach (var stream in streams)
        {
            var times = await NextTimesAsync(db, stream.Key.Deployment, stream.Key.IsBuild, cancellationToken);
            foreach (var line in stream) db.Logs.Add(Row(line, times.Take(line.At < now ? line.At : now)));
        }

        await db.SaveChangesAsync(cancellationToken);
        foreach (var stream in streams) await TrimWhenDueAsync(db, stream.Key, stream.Count(), cancellationToken);
    }

    /// <summary>Removes what is above the cap, and what is too old.</summary>
    public async Task TrimAsync(PilothouseDb db, Guid deployment, bool isBuild, CancellationToken cancellationToken)
    {
        var log = db.Logs.Where(row => row.DeploymentId == deployment && row.IsBuild == isBuild);
        var oldest = clock.GetUtcNow() - options.Value.Retention;
        await log.Where(row => row.At < oldest).ExecuteDeleteAsync(cancellationToken);

        var last = await log
            .OrderByDescending(row => row.At).ThenByDescending(row => row.Sequence)
            .Skip(options.Value.LinesPerDeployment)
            .Select(row => new { row.At, row.Sequence })
            .FirstOrDefaultAsync(cancellationToken);
        if (last is null) return;
        await log
            .Where(row => row.At < last.At || (row.At == last.At && row.Sequence <= last.Sequence))
            .ExecuteDeleteAsync(cancellationToken);
    }

    /// <summary>In pieces, each on its own: others write between them.</summary>
    public static async Task RemoveAllAsync(PilothouseDb db, Guid deployment, CancellationToken cancellationToken)
    {
        int removed;
        do
        {
            var some = db.Logs.Where(row => row.DeploymentId == deployment).OrderBy(row => row.At).Select(row => row.Sequence).Take(DeletedAtOnce);
            removed = await db.Logs.Where(row => some.Contains(row.Sequence)).ExecuteDeleteAsync(cancellationToken);
        }
        while (removed == DeletedAtOnce);
    }

    private async Task TrimWhenDueAsync(
        PilothouseDb db, (Guid Deployment, bool IsBuild) stream, int added, CancellationToken cancellationToken)
    {
        var untrimmed = _untrimmed.AddOrUpdate(stream, added, (_, before) => before + added);
        if (untrimmed < options.Value.LinesPerDeployment / 10) return;
        _untrimmed.TryRemove(stream, out _);
        await TrimAsync(db, stream.Deployment, stream.IsBuild, cancellationToken);
    }

    private static async Task<LogTimes> NextTimesAsync(PilothouseDb db, Guid deployment, bool isBuild, CancellationToken cancellationToken)
    {
        var log = db.Logs.Where(row => row.DeploymentId == deployment && row.IsBuild == isBuild);
        var last = await log.OrderByDescending(row => row.At).Select(row => (DateTimeOffset?)row.At).FirstOrDefaultAsync(cancellationToken);
        var count = last is { } time ? await log.CountAsync(row => row.At == time, cancellationToken) : 0;
        return new LogTimes(last?.ToUnixTimeMilliseconds() ?? long.MinValue, count);
    }

    private static LogRow Row(LogLine line, DateTimeOffset at) => new()
    {
        WorkspaceId = line.Workspace,
        DeploymentId = line.Deployment,
        RevisionId = line.Revision,
        IsBuild = line.IsBuild,
        At = at,
        Level = line.Level,
        Message = line.Message,
    };

    /// <summary>Hands out times that never fall, in whole milliseconds.</summary>
    private sealed class LogTimes(long last, int count)
    {
        private long _last = last;
        private int _count = count;

        public DateTimeOffset Take(DateTimeOffset wanted)
        {
            var time = Math.Max(wanted.ToUnixTimeMilliseconds(), _last);
            if (time == _last && _count >= LinesPerMillisecond) time++;
            _count = time == _last ? _count + 1 : 1;
            _last = time;
            return DateTimeOffset.FromUnixTimeMilliseconds(time);
        }
    }
}
