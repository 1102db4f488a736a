using Microsoft.Extensions.Options;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Replicas;
using Pilothouse.Listener.State;

namespace Pilothouse.Listener.Switching;

/// <param name="Failure">Null when callers are with the new revision; else why they are with the old one again.</param>
/// <param name="Restored">Name of the copy that the state was put back from; null when that was not needed.</param>
internal sealed record SwitchResult(SwitchProof Proof, string? Failure, string? Restored, FolderSize StateBefore, FolderSize StateAfter);

/// <param name="Watch">What found the old one quiet; null when it does not serve.</param>
/// <param name="ScratchReadyAfter">What the new revision took to become ready on scratch state.</param>
internal sealed record SwitchOrder(
    RunnableRevision From, RunnableRevision To, QuietWait Quiet, QuietWatch? Watch, TimeSpan ScratchReadyAfter);

/// <summary>
/// Exchanges two revisions that must not share their state. Callers wait in the gateway; nobody is refused, and no thread is lost: if the new
/// revision fails, state and old replica come back. Cut off anywhere, the journal says what may have happened.
/// </summary>
internal sealed class HeldSwitch(
    IGateway gateway, ReplicaStarter replicas, DrainWait drain, StateKeeper state, IOptions<ListenerOptions> options, TimeProvider time)
{
    /// <summary>Reserve for copying and putting back within a hold: 4 GiB at 100 MB/s, twice, is under 90 s.</summary>
    private static readonly TimeSpan s_copyReserve = TimeSpan.FromSeconds(90);

    /// <returns>Null when the hold was let go: what is under way is long, and nothing has happened.</returns>
    /// <exception cref="RuntimeUnavailableException">Cut off half-way; the journal says where.</exception>
    public async Task<SwitchResult?> RunAsync(SwitchOrder order, CancellationToken cancellationToken)
    {
        var (from, to) = (order.From, order.To);
        var deployment = to.Main.Deployment;
        var proof = new SwitchProof
        {
            FromRevision = from.Planned.Number,
            ToRevision = to.Planned.Number,
            WasHeld = true,
            QuietWaitMilliseconds = (long)order.Quiet.Waited.TotalMilliseconds,
        };

        var began = time.GetTimestamp();
        using var hold = gateway.Hold(deployment, HoldLimit(order));
        var drained = await drain.RunAsync(hold, from, order.Quiet, order.Watch, cancellationToken);
        if (drained.IsLong && gateway.Find(deployment) is { } old)
        {
            order.Watch!.NoteLetGo(hold.Release(old), time.GetUtcNow());
            return null;
        }

        proof = proof with
        {
            RunsUnderWayAtHold = drained.RunsAtHold,
            RunsUnderWayAtStop = drained.RunsAtStop,
            Cut = drained.RequestsAtStop,
            DrainMilliseconds = Elapsed(began),
        };

        if (state.TryBeginSwitch(from.Planned, to.Planned, deployment) is not { } stopping)
            return await BackAsync(order, hold, proof, state.Measure(deployment), NotNoted(to), began, cancellationToken);

        var stopBegan = time.GetTimestamp();
        var stopFailure = await replicas.StopAsync(from, cancellationToken);
        proof = proof with { StopMilliseconds = Elapsed(stopBegan) };
        var before = state.Measure(deployment);
        if (stopFailure is not null) return await BackAsync(order, hold, proof, before, stopFailure, began, cancellationToken);

        var copyBegan = time.GetTimestamp();
        if (state.TryCopy(deployment, stopping, cancellationToken) is not { } starting)
            return await BackAsync(order, hold, proof, before, NotCopied(to), began, cancellationToken);
        proof = proof with { CopyMilliseconds = Elapsed(copyBegan), StateCopy = starting.Copy, StateBytesBefore = before.Bytes };

        var startBegan = time.GetTimestamp();
        var (ready, failure) = await replicas.StartAsync(to, ReadyLimit(order), cancellationToken);
        proof = proof with { StartMilliseconds = Elapsed(startBegan), StateBytesAfter = state.Measure(deployment).Bytes };
        if (ready is null) return await BackAsync(order, hold, proof, before, failure!, began, cancellationToken);

        // From the next line on callers may write through the new revision: there is no way back to the copy.
        if (state.TryRelease(deployment, starting) is not { } released)
            return await BackAsync(order, hold, proof, before, NotNoted(to), began, cancellationToken);
        var counts = hold.Release(to.RouteTo([ready.Endpoint!]));
        proof = WithCounts(proof, order.Watch, counts) with { HoldMilliseconds = Elapsed(began) };
        state.Proved(deployment, released, proof);
        return new SwitchResult(proof, Failure: null, Restored: null, before, state.Measure(deployment));
    }

    /// <summary>The old one serves again, on the state that it left. What runs already (it was never stopped) stays as it is.</summary>
    /// <exception cref="RuntimeUnavailableException">The new one cannot be stopped, so nothing may be started on its files.</exception>
    private async Task<SwitchResult> BackAsync(
        SwitchOrder order, IRouteHold hold, SwitchProof proof, FolderSize before, string failure, long began, CancellationToken cancellationToken)
    {
        var deployment = order.To.Main.Deployment;
        if (await replicas.StopAsync(order.To, cancellationToken) is { } stuck) throw new RuntimeUnavailableException(stuck);
        var restored = state.EndSwitch(deployment);
        var (old, oldFailure) = await replicas.StartAsync(order.From, ReadyLimit(order), cancellationToken);

        var counts = hold.Release(order.From.RouteTo(old is { Endpoint: { } endpoint } ? [endpoint] : []));
        var why = oldFailure is null
            ? $"{failure} Revision {order.From.Planned} serves again{(restored is null ? "" : ", its state put back from the copy")}."
            : $"{failure} Revision {order.From.Planned} did not come back at once either: {oldFailure}";
        proof = WithCounts(proof, order.Watch, counts) with { HoldMilliseconds = Elapsed(began) };
        return new SwitchResult(proof, why, restored, before, state.Measure(deployment));
    }

    /// <summary>Ready on scratch state already: only reading the real state may take longer.</summary>
    private TimeSpan ReadyLimit(SwitchOrder order)
    {
        var limit = options.Value.SwitchReadyLimit;
        return order.ScratchReadyAfter * 3 > limit ? order.ScratchReadyAfter * 3 : limit;
    }

    /// <summary>More than all that may happen in a hold, so that no held caller is refused: drain, stop, copy, start, and all the way back.</summary>
    private TimeSpan HoldLimit(SwitchOrder order)
    {
        var worst = order.From.DrainLimit(options.Value) + order.From.Launch.StopLimit + order.To.Launch.StopLimit
            + (ReadyLimit(order) * 2) + (s_copyReserve * 2);
        return worst > options.Value.HoldLimit ? worst : options.Value.HoldLimit;
    }

    private static string NotCopied(RunnableRevision to) =>
        $"Revision {to.Planned} was not switched to: the state could not be copied first (is the disk full?).";

    private static string NotNoted(RunnableRevision to) =>
        $"Revision {to.Planned} was not switched to: how far the switch came could not be written down (is the disk full?).";

    private static SwitchProof WithCounts(SwitchProof proof, QuietWatch? watch, SwitchCounts last)
    {
        var all = watch is null ? last : QuietWatch.Sum(watch.LetGo, last);
        return proof with
        {
            UnderWayAtHold = all.UnderWayAtHold,
            Held = all.Held,
            Moved = all.Moved,
            Refused = all.Refused,
            LongestWaitMilliseconds = (long)all.LongestWait.TotalMilliseconds,
            HoldsLetGo = watch?.HoldsLetGo ?? 0,
        };
    }

    private long Elapsed(long since) => (long)time.GetElapsedTime(since).TotalMilliseconds;
}
