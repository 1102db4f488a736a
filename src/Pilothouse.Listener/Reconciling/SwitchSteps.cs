using System.Diagnostics;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Core;
using Pilothouse.Core.Routing;
using Pilothouse.Listener.Replicas;
using Pilothouse.Listener.Reporting;
using Pilothouse.Listener.Switching;

namespace Pilothouse.Listener.Reconciling;

/// <summary>The steps that move callers, or wait until they may be moved.</summary>
internal sealed class SwitchSteps(
    IGateway gateway, HeldSwitch heldSwitch, StateKeeper state, ReplicaStarter replicas, WorkUnderWay work, RevisionEvents events, ListenerMetrics metrics,
    IOptions<ListenerOptions> options, TimeProvider time)
{
    /// <summary>JavaScript in memory writes 3 s after the last write, Python every 10 s: by then what was lost shows on disk.</summary>
    private static readonly TimeSpan s_laterLook = TimeSpan.FromSeconds(30);

    public async Task RunAsync(Step step, Pass pass, CancellationToken cancellationToken)
    {
        switch (step)
        {
            case Step.AwaitQuiet quiet:
                await AwaitQuietAsync(quiet, pass, cancellationToken);
                break;
            case Step.AwaitDrained drained:
                await AwaitDrainedAsync(drained, pass, cancellationToken);
                break;
            case Step.SwitchBeside beside:
                SwitchBeside(beside, pass);
                break;
            case Step.SwitchHeld held:
                await SwitchHeldAsync(held, pass, cancellationToken);
                break;
            case Step.Recover recover:
                Recover(recover, pass);
                break;
            default:
                throw new UnreachableException($"No one runs the step {step}.");
        }
    }

    /// <summary>What is over sooner is not worth telling.</summary>
    private static readonly TimeSpan s_tellWait = TimeSpan.FromSeconds(5);

    /// <summary>A look at the state some time after a switch.</summary>
    public void LookLater(DeploymentMemory memory)
    {
        if (memory.LaterLook is not { } look || look.At > time.GetUtcNow()) return;
        memory.LaterLook = null;
        if (!memory.Runnable.TryGetValue(look.Revision, out var revision)) return;
        var now = state.Measure(revision.Main.Deployment);
        if (look.Before.ShrankTo(now)) events.StateShrank(revision, "after the switch", look.Before, now, look.Copy);
    }

    private async Task AwaitQuietAsync(Step.AwaitQuiet quiet, Pass pass, CancellationToken cancellationToken)
    {
        var revision = pass.Runnable(quiet.Revision);
        var watch = Watch(pass, quiet.Revision.Id, quiet.Target);
        var sample = await work.LookAsync(revision.Main, replicas.Find(revision.Main.Name), cancellationToken);
        var limit = revision.DrainLimit(options.Value);
        if (watch.Look(sample, limit) is not { } wait)
        {
            if (sample.At - watch.Since < s_tellWait || !pass.Memory.WaitTold.Add(quiet.Target)) return;
            var facts = new WaitFacts(quiet.Revision.Number, sample.Requests.Count, sample.Runs?.Count, limit.TotalSeconds);
            events.Waiting(pass.Memory.Runnable[quiet.Target], quiet.Revision, facts);
            return;
        }

        pass.Memory.Quiet = wait;
        pass.Quiet.Add(quiet.Revision.Id);
    }

    private async Task AwaitDrainedAsync(Step.AwaitDrained drained, Pass pass, CancellationToken cancellationToken)
    {
        var revision = pass.Runnable(drained.Revision);
        var watch = Watch(pass, drained.Revision.Id, target: null);
        var sample = await work.LookAsync(revision.Main, replicas.Find(revision.Main.Name), cancellationToken);
        if (watch.IsDrained(sample, revision.DrainLimit(options.Value))) pass.Quiet.Add(drained.Revision.Id);
    }

    private QuietWatch Watch(Pass pass, RevisionId revision, RevisionId? target)
    {
        if (!pass.Memory.Watches.TryGetValue((revision, target), out var watch))
            pass.Memory.Watches[(revision, target)] = watch = new QuietWatch(time.GetUtcNow());
        return watch;
    }

    private void SwitchBeside(Step.SwitchBeside beside, Pass pass)
    {
        var to = pass.Runnable(beside.To);
        gateway.Publish(to.RouteTo([beside.Seen.Endpoint!]));
        if (beside.From is not { } from)
        {
            events.Started(to, beside.Seen.ReadyAfter);
            return;
        }

        metrics.Switched(wasHeld: false, isBack: false, TimeSpan.Zero);
        events.SwitchedBeside(pass.Runnable(from), to);
    }

    private async Task SwitchHeldAsync(Step.SwitchHeld held, Pass pass, CancellationToken cancellationToken)
    {
        var (from, to) = (pass.Runnable(held.From), pass.Runnable(held.To));
        var earlier = state.MeasureNewestCopy(pass.Deployment);
        var order = new SwitchOrder(
            from, to, pass.Memory.Quiet ?? QuietWait.None, pass.Memory.Watches.GetValueOrDefault((held.From.Id, held.To.Id)),
            pass.Memory.Proven.GetValueOrDefault(held.To.Id));
        pass.Memory.Quiet = null;
        if (await heldSwitch.RunAsync(order, cancellationToken) is not { } result)
        {
            pass.Quiet.Remove(held.From.Id);
            return;
        }

        metrics.Switched(result.Proof, isBack: result.Failure is not null);
        if (result.Failure is not null) Activity.Current?.SetStatus(ActivityStatusCode.Error, "The old revision serves again.");
        pass.Memory.Watches.Clear();
        if (earlier?.ShrankTo(result.StateBefore) == true)
            events.StateShrank(to, "since the switch before this one", earlier, result.StateBefore, result.Proof.StateCopy);
        if (result.Failure is { } failure)
        {
            pass.Memory.Failed[held.To.Id] = failure;
            if (result.Restored is { } copy) events.StateRestored(pass.Deployment, held.To.Id, copy);
            events.SwitchedBack(to, failure, result.Proof);
            return;
        }

        if (result.StateBefore.ShrankTo(result.StateAfter))
            events.StateShrank(to, "during the switch", result.StateBefore, result.StateAfter, result.Proof.StateCopy);
        pass.Memory.LaterLook = (time.GetUtcNow() + s_laterLook, held.To.Id, result.StateBefore, result.Proof.StateCopy);
    }

    private void Recover(Step.Recover recover, Pass pass)
    {
        var restored = state.EndSwitch(pass.Deployment);
        if (restored is not null) events.StateRestored(pass.Deployment, new RevisionId(recover.Record.To), restored);
    }
}
