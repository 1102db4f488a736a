using System.Runtime.CompilerServices;
using Pilothouse.Contracts.Logs;

namespace Pilothouse.Cli.Logs;

/// <summary>Reads on from where the last page ended, each entry once.</summary>
internal sealed class LogFollow(Func<LogQuery, CancellationToken, Task<LogPage>> read)
{
    private const int PageSize = 500;
    private string? _offset;

    /// <summary>What has come since the last call.</summary>
    public async IAsyncEnumerable<LogEntry> NewAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await read(new LogQuery { Order = "asc", Limit = PageSize, Offset = _offset }, cancellationToken);
            foreach (var entry in page.Logs) yield return entry;
            _offset = page.NextOffset ?? _offset;
            if (page.Logs.Count < PageSize) yield break;
        }
    }
}
