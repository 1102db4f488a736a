using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pilothouse.Client;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core;
using Pilothouse.Core.Reconciling;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Listener.Reporting;

/// <summary>
/// Sends log lines in batches. A batch that was not accepted is sent again as it is, by its id; the receiver drops what it has already.
/// </summary>
internal sealed class LogShipper(
    LogBuffer buffer, IListenerProtocol protocol, IOptions<ListenerOptions> options, TimeProvider time, ILogger<LogShipper> logger)
    : IReconciler<string>
{
    public const string Key = "logs";
    private const int LongestBatch = 500;
    private const long LargestBatch = 1024 * 1024;
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_sendLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_lastWordsLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_lastTryLimit = TimeSpan.FromSeconds(2);

    /// <summary>Between tries that somebody waits for.</summary>
    private static readonly TimeSpan s_again = TimeSpan.FromSeconds(1);

    private TaskCompletionSource<bool> _try = NewSource();
    private LogBatch? _unsent;

    /// <summary>Somebody waits for lines to arrive: no backoff now. Set once before the loop starts.</summary>
    public Action OnWanted { get; set; } = () => { };

    public Task<IReadOnlyList<string>> AllKeysAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([Key]);

    public async Task<Reconciled> ReconcileAsync(string key, CancellationToken cancellationToken)
    {
        if (_unsent is null) await Task.Delay(s_gather, time, cancellationToken);
        if (!await SendNextAsync(s_sendLimit, cancellationToken)) return Reconciled.Settled.Instance;
        if (buffer.TakeDropped() is > 0 and var dropped) logger.LogLinesDropped(dropped);
        return new Reconciled.Again(TimeSpan.Zero, "more lines may wait");
    }

    /// <summary>Returns when the control plane has all lines of the deployment that waited at the call.</summary>
    /// <param name="limit">For the tries; the last of them, begun within it, may take two seconds more.</param>
    /// <exception cref="TimeoutException">It did not take them; the last try failed just now, or goes on.</exception>
    public async Task HandOverAsync(DeploymentId deployment, TimeSpan limit, CancellationToken cancellationToken)
    {
        var (began, upTo) = (time.GetTimestamp(), buffer.Last);
        while (true)
        {
            var trying = NextTryAsync();
            if (!buffer.Holds(deployment, upTo)) return;
            OnWanted();
            var left = limit - time.GetElapsedTime(began);
            if (await trying.WaitAsync(left > s_lastTryLimit ? left : s_lastTryLimit, time, cancellationToken)) continue;
            if (time.GetElapsedTime(began) >= limit) throw new TimeoutException("The control plane does not take log lines.");
            await Task.Delay(s_again, time, cancellationToken);
        }
    }

    /// <summary>The last lines before the process ends, for at most two seconds.</summary>
    public async Task SendLastAsync()
    {
        using var limit = new CancellationTokenSource(s_lastWordsLimit, time);
        try
        {
            while (await SendNextAsync(s_lastWordsLimit, limit.Token))
            {
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or HttpRequestException or TimeoutException or ApiException or UnreachableException or ListenerSupersededException)
        {
            logger.LastLogsNotSent(exception);
        }
    }

    /// <summary>Whether the next try succeeds. Call it before looking, so that none falls between.</summary>
    private async Task<bool> NextTryAsync() => await Volatile.Read(ref _try).Task;

    /// <returns>False when there was nothing to send.</returns>
    private async Task<bool> SendNextAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        _unsent ??= buffer.Take(LongestBatch, LargestBatch) is { Count: > 0 } lines ? Batch(lines) : null;
        if (_unsent is null) return false;
        var isTaken = false;
        try
        {
            await protocol.SendLogsAsync(_unsent, cancellationToken).WaitAsync(limit, time, cancellationToken);
            _unsent = null;
            buffer.Arrived();
            isTaken = true;
        }
        finally
        {
            Interlocked.Exchange(ref _try, NewSource()).SetResult(isTaken);
        }

        return true;
    }

    private static TaskCompletionSource<bool> NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private LogBatch Batch(IReadOnlyList<ReplicaLogLine> lines) => new(
        options.Value.ListenerId,
        Guid.CreateVersion7(time.GetUtcNow()),
        [.. lines.Select(line => new ReportedLog(
            line.Workspace.Value, line.Deployment.Value, line.Revision.Value, line.At, line.Level, line.Message))]);
}
