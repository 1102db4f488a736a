using System.Runtime.CompilerServices;
using Pilothouse.Contracts.Logs;

namespace Pilothouse.Cli.Logs;

/// <summary>Reads on from where the last page ended, each entry once.</summary>
internal sealed class LogFollow(Func<LogQuery, CancellationToken, Task<LogPage>> read)
{
    private const int PageSize = 500;

    /// <summary>A log that grows as fast as it is read holds up nobody: the rest comes with the next look.</summary>
    private const int PagesALook = 20;

    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private string? _offset;

    /// <summary>What has come since the last call, oldest first.</summary>
    public async IAsyncEnumerable<LogEntry> NewAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var pages = 0; pages < PagesALook; pages++)
        {
            var page = await read(new LogQuery { Order = "asc", Limit = PageSize, Offset = _offset }, cancellationToken);
            foreach (var entry in page.Logs.Where(entry => _seen.Add(entry.Id))) yield return entry;
            if (page.NextOffset is null || page.Logs.Count == 0) yield break;
            _offset = page.NextOffset;
        }
    }

    /// <summary>
    /// Of the newest lines those that were not shown: a line whose time is earlier than that of one read before it is not in <see cref="NewAsync"/>, since
    /// an offset is a place in time.
    /// </summary>
    public async Task<IReadOnlyList<LogEntry>> LateAsync(int newest, CancellationToken cancellationToken)
    {
        var page = await read(new LogQuery { Order = "desc", Limit = newest }, cancellationToken);
        return [.. page.Logs.Reverse().Where(entry => _seen.Add(entry.Id))];
    }
}
