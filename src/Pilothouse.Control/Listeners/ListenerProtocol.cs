using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Explain;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Listeners;

/// <summary>The listener protocol for a listener in this process; the endpoints of those elsewhere call the same.</summary>
internal sealed class ListenerProtocol(
    IDbContextFactory<PilothouseDb> databases, ListenerWakes wakes, ReadWanted wanted, TakeReport takeReport, TakeLogs takeLogs,
    ListenerContacts contacts, ListenerLeases leases, TimeProvider clock) : IListenerProtocol
{
    /// <summary>Whatever a listener asks for: connections that idle for longer are cut on their way.</summary>
    private const int LongestWaitSeconds = 60;

    /// <summary>Changes of another process send no signal here while its news do not arrive. Listeners elsewhere, of which there may be many, look when they ask next.</summary>
    private static readonly TimeSpan s_lookAnyway = TimeSpan.FromSeconds(5);

    public async Task<PullAnswer> PullAsync(PullRequest request, CancellationToken cancellationToken)
    {
        var wait = TimeSpan.FromSeconds(Math.Clamp(request.WaitSeconds, 0, LongestWaitSeconds));
        var began = clock.GetTimestamp();
        wait = await BeginAsync(request, wait, cancellationToken);
        var isWoken = false;
        while (true)
        {
            var changed = wakes.NextAsync(request.ListenerId);
            var answer = await AnswerAsync(request, cancellationToken);
            var left = wait - clock.GetElapsedTime(began);
            if (answer.IsFull || answer.Deployments.Count > 0 || left <= TimeSpan.Zero) return answer;

            // Somebody stands by by now, or a change asks nothing of it: it pulls again, for as long as it may then.
            if (isWoken && request.Lease is not null) return answer;
            await WaitAsync(changed, request.Lease is null && left > s_lookAnyway ? s_lookAnyway : left, cancellationToken);
            isWoken = changed.IsCompleted;
        }
    }

    public Task ReportAsync(DeploymentReport report, CancellationToken cancellationToken) => takeReport.RunAsync(report, cancellationToken);

    public Task SendLogsAsync(LogBatch batch, CancellationToken cancellationToken) => takeLogs.RunAsync(batch, cancellationToken);

    /// <summary>The listener was heard of, and leads.</summary>
    /// <returns>How long the pull may wait.</returns>
    private async Task<TimeSpan> BeginAsync(PullRequest request, TimeSpan wait, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (request.Lease is { } lease)
            return await leases.RenewAsync(db, request.ListenerId, lease, wait, cancellationToken)
                ?? throw new ListenerSupersededException(ListenerLeases.SupersededText(request.ListenerId));
        if (await db.Listeners.AnyAsync(row => row.Id == request.ListenerId, cancellationToken)) return wait;
        throw new InvalidOperationException($"There is no listener {request.ListenerId}; the one inside has the id {EmbeddedListener.Id}.");
    }

    /// <summary>
    /// The feed holds the present state of each deployment, so no position is too old for it; one ahead of it comes from before the store was put
    /// back to an earlier copy.
    /// </summary>
    private async Task<PullAnswer> AnswerAsync(PullRequest request, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (request.Lease is null) await contacts.NoteAsync(db, request.ListenerId, cancellationToken);
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
