using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Overload;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Events;

internal enum Waited
{
    /// <summary>The revision has ended, or is gone.</summary>
    Ended,

    /// <summary>The time is over.</summary>
    TimedOut,

    /// <summary>The client left, or this process stops.</summary>
    Cut,

    /// <summary>Too many wait already.</summary>
    Refused,
}

/// <summary>Waits for a revision's end; holds nothing of the store meanwhile.</summary>
internal sealed class RevisionWaits(
    IDbContextFactory<PilothouseDb> databases, DeploymentWatches watches, IOptions<EventOptions> options, IHostApplicationLifetime lifetime,
    TimeProvider clock)
{
    private readonly Places<WorkspaceId> _places = new(options.Value.MaxWaitsPerWorkspace);

    public async Task<Waited> WaitAsync(
        WorkspaceId workspace, Guid deployment, Guid revision, TimeSpan limit, CancellationToken clientGone)
    {
        using var place = _places.TryTake(workspace);
        if (place is null) return Waited.Refused;
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(clientGone, lifetime.ApplicationStopping);
        using var watch = watches.Open(new DeploymentId(deployment));
        var began = clock.GetTimestamp();
        try
        {
            while (true)
            {
                var changed = watch.Next;
                if (await HasEndedAsync(workspace, revision, cut.Token)) return Waited.Ended;
                var left = limit - clock.GetElapsedTime(began);
                if (left <= TimeSpan.Zero) return Waited.TimedOut;
                await changed.OrAfterAsync(left < options.Value.ReadEvery ? left : options.Value.ReadEvery, clock, cut.Token);
            }
        }
        catch (OperationCanceledException) when (cut.IsCancellationRequested)
        {
            return Waited.Cut;
        }
    }

    private async Task<bool> HasEndedAsync(WorkspaceId workspace, Guid revision, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var status = await db.Revisions
            .Where(row => row.Id == revision && row.WorkspaceId == workspace.Value)
            .Select(row => (RevisionStatus?)row.Status)
            .SingleOrDefaultAsync(cancellationToken);
        return status?.IsTerminal() ?? true;
    }
}

internal static class Patience
{
    /// <summary>Returns when the task is done or the time is over, whichever is first.</summary>
    public static async Task OrAfterAsync(this Task task, TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(limit, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The caller looks once more.
        }
    }
}
