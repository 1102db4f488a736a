using Pilothouse.Core.Runtimes;

namespace Pilothouse.Listener.Replicas;

/// <summary>Starts a replica and waits for it while callers are held: everything here is bounded.</summary>
internal sealed class ReplicaStarter(IRuntime runtime, ReplicaWatch watch, TimeProvider time)
{
    private const int Tries = 3;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(300);

    public ReplicaStatus? Find(ReplicaName name) => runtime.Find(name);

    /// <returns>Null once it is gone, or the sentence that says why it may not be.</returns>
    public async Task<string?> StopAsync(RunnableRevision revision, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await runtime.StopAsync(revision.Main.Name, revision.Launch.StopLimit, cancellationToken);
                return null;
            }
            catch (RuntimeUnavailableException unavailable) when (attempt == Tries)
            {
                return $"Revision {revision.Planned} could not be stopped: {unavailable.Message}";
            }
            catch (RuntimeUnavailableException)
            {
                await Task.Delay(s_pause, time, cancellationToken);
            }
        }
    }

    /// <returns>The ready replica, or the sentence that says why it is not.</returns>
    public async Task<(ReplicaStatus? Ready, string? Failure)> StartAsync(
        RunnableRevision revision, TimeSpan readyLimit, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var started = await runtime.StartAsync(revision.Main, cancellationToken);
                return await AwaitReadyAsync(revision, started.Restarts, readyLimit, cancellationToken);
            }
            catch (RuntimeUnavailableException unavailable) when (attempt == Tries)
            {
                return (null, $"Revision {revision.Planned} could not be started: {unavailable.Message}");
            }
            catch (RuntimeUnavailableException)
            {
                await Task.Delay(s_pause, time, cancellationToken);
            }
        }
    }

    private async Task<(ReplicaStatus? Ready, string? Failure)> AwaitReadyAsync(
        RunnableRevision revision, int restarts, TimeSpan limit, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            var change = watch.NextChangeAsync(revision.Main.Deployment);
            var status = runtime.Find(revision.Main.Name);
            var isSameProcess = status?.Restarts == restarts;
            if (isSameProcess && status is { Phase: ReplicaPhase.Ready, Endpoint: not null }) return (status, null);
            if (!isSameProcess || status is not { Phase: ReplicaPhase.Starting })
                return (null, FailureText.Ended(revision, status));

            var left = limit - time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero) return (null, FailureText.NotReady(revision, status, limit));
            await WaitAsync(change, left, cancellationToken);
        }
    }

    private async Task WaitAsync(Task change, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await change.WaitAsync(limit, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The caller looks once more and then says so.
        }
    }
}
