using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Explain;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Listeners;

/// <summary>The listener protocol for a listener in this process; one over HTTP calls the same.</summary>
internal sealed class ListenerProtocol(
    IDbContextFactory<PilothouseDb> databases, ControlSignals signals, ReadWanted wanted, TakeReport takeReport, TakeLogs takeLogs,
    ListenerContacts contacts, TimeProvider clock) : IListenerProtocol
{
    /// <summary>Whatever a listener asks for: connections that idle for longer are cut on their way.</summary>
    private const int LongestWaitSeconds = 60;

    /// <summary>Changes of another process send no signal here.</summary>
    private static readonly TimeSpan s_lookAnyway = TimeSpan.FromSeconds(5);

    public async Task<PullAnswer> PullAsync(PullRequest request, CancellationToken cancellationToken)
    {
        var wait = TimeSpan.FromSeconds(Math.Clamp(request.WaitSeconds, 0, LongestWaitSeconds));
        var began = clock.GetTimestamp();
        while (true)
        {
            var changed = signals.NextChange;
            var answer = await AnswerAsync(request, cancellationToken);
            if (answer.IsFull || answer.Deployments.Count > 0) return answer;

            var left = wait - clock.GetElapsedTime(began);
            if (left <= TimeSpan.Zero) return answer;
            await WaitAsync(changed, left < s_lookAnyway ? left : s_lookAnyway, cancellationToken);
        }
    }

    public Task ReportAsync(DeploymentReport report, CancellationToken cancellationToken) => takeReport.RunAsync(report, cancellationToken);

    public Task SendLogsAsync(LogBatch batch, CancellationToken cancellationToken) => takeLogs.RunAsync(batch, cancellationToken);

    /// <summary>
    /// The feed holds the present state of each deployment, so no position is too old for it; one ahead of it comes from before the store was put
    /// back to an earlier copy.
    /// </summary>
    private async Task<PullAnswer> AnswerAsync(PullRequest request, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (!await db.Listeners.AnyAsync(row => row.Id == request.ListenerId, cancellationToken))
            throw new InvalidOperationException($"There is no listener {request.ListenerId}; the one inside has the id {EmbeddedListener.Id}.");

        await contacts.NoteAsync(db, request.ListenerId, cancellationToken);
        var last = await Counters.LastChangeAsync(db, cancellationToken);
        var isFull = request.Cursor <= 0 || request.Cursor > last;
        var deployments = await wanted.AfterAsync(db, request.ListenerId, isFull ? 0 : request.Cursor, cancellationToken);
        return new PullAnswer(last, isFull, [.. deployments.Select(one => one.Wanted)]);
    }

    private async Task WaitAsync(Task changed, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await changed.WaitAsync(limit, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The caller looks once more.
        }
    }
}
