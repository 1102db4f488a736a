using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Explain;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Listeners;

/// <summary>The listener protocol for a listener in this process; the endpoints of those elsewhere call the same.</summary>
internal sealed class ListenerProtocol(
    IDbContextFactory<PilothouseDb> databases, ListenerWakes wakes, ReadWanted wanted, TakeReport takeReport, TakeLogs takeLogs,
    ListenerContacts contacts, LedPull led, TimeProvider clock) : IListenerProtocol
{
    /// <summary>Whatever a listener asks for: connections that idle for longer are cut on their way.</summary>
    private const int LongestWaitSeconds = 60;

    /// <summary>Changes of another process send no signal here while its news do not arrive. Listeners elsewhere, of which there may be many, look when they ask next.</summary>
    private static readonly TimeSpan s_lookAnyway = TimeSpan.FromSeconds(5);

    public Task<PullAnswer> PullAsync(PullRequest request, CancellationToken cancellationToken)
    {
        var wait = TimeSpan.FromSeconds(Math.Clamp(request.WaitSeconds, 0, LongestWaitSeconds));
        return request.Lease is { } lease ? led.RunAsync(request, lease, wait, cancellationToken) : InsideAsync(request, wait, cancellationToken);
    }

    public Task ReportAsync(DeploymentReport report, CancellationToken cancellationToken) => takeReport.RunAsync(report, cancellationToken);

    public Task SendLogsAsync(LogBatch batch, CancellationToken cancellationToken) => takeLogs.RunAsync(batch, cancellationToken);

    private async Task<PullAnswer> InsideAsync(PullRequest request, TimeSpan wait, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        await CheckAsync(request, cancellationToken);
        while (true)
        {
            var changed = wakes.NextAsync(request.ListenerId);
            var answer = await AnswerAsync(request, cancellationToken);
            var left = wait - clock.GetElapsedTime(began);
            if (answer.IsFull || answer.Deployments.Count > 0 || left <= TimeSpan.Zero) return answer;
            await WaitAsync(changed, left > s_lookAnyway ? s_lookAnyway : left, cancellationToken);
        }
    }

    private async Task CheckAsync(PullRequest request, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await db.Listeners.AnyAsync(row => row.Id == request.ListenerId, cancellationToken)) return;
        throw new InvalidOperationException($"There is no listener {request.ListenerId}; the one inside has the id {EmbeddedListener.Id}.");
    }

    private async Task<PullAnswer> AnswerAsync(PullRequest request, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await contacts.NoteAsync(db, request.ListenerId, cancellationToken);
        return await wanted.AnswerAsync(db, request, cancellationToken);
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
