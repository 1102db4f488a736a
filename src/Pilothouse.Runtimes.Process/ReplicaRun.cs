using System.Diagnostics;
using Pilothouse.Core.Runtimes;
using Pilothouse.Runtimes.Process.Limits;
using Pilothouse.Runtimes.Process.Native;
using Pilothouse.Runtimes.Process.Output;
using Pilothouse.Runtimes.Process.Probing;
using Pilothouse.Runtimes.Process.Sweeping;

namespace Pilothouse.Runtimes.Process;

/// <summary>How one process of a replica came to its end.</summary>
/// <param name="LostPort">It did not get its port, or somebody else answers there: the same again on another.</param>
internal readonly record struct RunEnd(ReplicaExit Exit, bool LostPort);

/// <summary>One process of a replica, from its start until nothing of it is left.</summary>
internal sealed class ReplicaRun(
    ReplicaSpec spec, RuntimeParts parts, ReplicaBoard board, ReplicaOutput output, IEnclosure enclosure, Child child, Members members, int port)
{
    /// <summary>Servers that are about to die of a taken port say so within this many probes.</summary>
    private const int ForeignAnswers = 3;

    private static readonly TimeSpan RestLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(10);

    private readonly long _began = parts.Time.GetTimestamp();
    private readonly long _killsBefore = enclosure.OutOfMemoryKills();

    /// <summary>What wanted the replica, to tell it when this process is ready.</summary>
    public ActivityContext Asked { get; init; }

    /// <summary>Returns when the process and all that it started are gone: by themselves, or because they had to.</summary>
    /// <param name="stop">Completes when the replica shall end.</param>
    /// <param name="kill">Completes when it had its time.</param>
    public async Task<RunEnd> UntilEndAsync(Task stop, Task kill)
    {
        using var running = new CancellationTokenSource();
        var watching = WatchAsync(running.Token);
        var guarding = GuardAsync(running.Token);

        // Guarding ends by itself only when it fails.
        await Task.WhenAny(child.End, stop, watching, guarding);
        var lostPort = watching.IsCompleted;
        await running.CancelAsync();
        lostPort &= await watching && !child.End.IsCompleted;
        await guarding;

        if (!child.End.IsCompleted) await AskToEndAsync(lostPort ? Task.CompletedTask : kill);
        await EndRestAsync(isGraceful: stop.IsCompleted && !kill.IsCompleted);
        var end = await child.End;
        await parts.Children.ReapAsync(child);

        var exit = ExitReading.Read(
            end, enclosure.OutOfMemoryKills() > _killsBefore, spec.Limits.MemoryBytes, output.LastLinesOfRun, parts.Time.GetUtcNow());
        return new RunEnd(exit, lostPort || (board.Status.ReadyAfter is null && SaysPortTaken()));
    }

    /// <summary>After a fault, whatever it was: ends all that can be found, first what needs no looking for.</summary>
    public static async Task EndByForceAsync(Child child, Members members, RuntimeParts parts, ReplicaName name)
    {
        if (child.IsReaped) return;
        _ = Libc.SendSignal(-child.ProcessId, Libc.Kill);
        try
        {
            while (!await members.KillAsync(KillLimit, parts.Time, CancellationToken.None))
                parts.Logger.Unkillable(name);
        }
        catch (Exception exception)
        {
            parts.Logger.NotSearched(exception, name);
        }

        await child.End;
        await parts.Children.ReapAsync(child);
    }

    /// <summary>The leader alone: only it has state to write, and servers that end their own helpers must find them alive.</summary>
    private async Task AskToEndAsync(Task kill)
    {
        // Not reaped yet, so the number is still its own.
        _ = Libc.SendSignal(child.ProcessId, Libc.Term);
        await Task.WhenAny(child.End, kill);
    }

    private async Task EndRestAsync(bool isGraceful)
    {
        if (isGraceful && child.End.IsCompleted && members.Find() is { Count: > 0 } rest)
        {
            Members.Signal(rest, Libc.Term);
            await members.WaitUntilGoneAsync(RestLimit, parts.Time, CancellationToken.None);
        }

        while (!await members.KillAsync(KillLimit, parts.Time, CancellationToken.None))
            parts.Logger.Unkillable(spec.Name);
    }

    /// <returns>True when somebody else answers on the port; false when it was told to end.</returns>
    private async Task<bool> WatchAsync(CancellationToken cancellationToken)
    {
        var address = new Uri($"http://{LaunchPlan.Host}:{port}{spec.Launch.HealthPath}");
        try
        {
            if (!await UntilReadyAsync(address, cancellationToken)) return true;
            while (true)
                await WatchReadyAsync(address, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <returns>False when the port is somebody else's.</returns>
    private async Task<bool> UntilReadyAsync(Uri address, CancellationToken cancellationToken)
    {
        var why = "not asked yet";
        var isReady = false;
        await using var late = parts.Time.CreateTimer(
            _ =>
            {
                if (!Volatile.Read(ref isReady)) NoteLate(Volatile.Read(ref why));
            },
            state: null, spec.ReadyLimit, Timeout.InfiniteTimeSpan);

        var foreign = 0;
        var pause = parts.Options.FirstProbeInterval;
        while (true)
        {
            var answer = await parts.Probe.AskAsync(address, cancellationToken);
            if (answer is null && PortOwner.MayBeOf(port, child.ProcessId, members)) break;
            if (answer is null && ++foreign >= ForeignAnswers) return false;

            Volatile.Write(ref why, answer ?? "another process answers there");
            await Task.Delay(pause, parts.Time, cancellationToken);

            // Readiness is seen at most a hundredth of the start's own length late.
            pause = Shorter(parts.Options.FirstProbeInterval + (parts.Time.GetElapsedTime(_began) / 100), parts.Options.LongestProbeInterval);
        }

        Volatile.Write(ref isReady, value: true);
        var after = parts.Time.GetElapsedTime(_began);
        board.Ready(after);
        parts.Metrics?.Ready(spec, Asked, board.Status.StartedAt, after);
        parts.Logger.ReplicaReady(spec.Name, after);
        output.Say("INFO", $"The server is ready after {after.TotalSeconds:0.0} s.");
        return true;
    }

    private async Task WatchReadyAsync(Uri address, CancellationToken cancellationToken)
    {
        await Task.Delay(parts.Options.WatchInterval, parts.Time, cancellationToken);
        if (await parts.Probe.AskAsync(address, cancellationToken) is not { } why) return;
        output.Say("WARNING", $"The health probe GET {spec.Launch.HealthPath} failed: {why}. The server is left running.");
    }

    private void NoteLate(string why)
    {
        parts.Logger.ReplicaLate(spec.Name, spec.ReadyLimit);
        output.Say(
            "WARNING",
            $"The server is not ready within {spec.ReadyLimit.TotalSeconds:0.#} s: GET {spec.Launch.HealthPath} on port {port}: {why}. It is still watched.");
        board.Late();
    }

    private async Task GuardAsync(CancellationToken cancellationToken)
    {
        try
        {
            await enclosure.GuardAsync(members, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The process ended.
        }
    }

    private bool SaysPortTaken() => output.LastLinesOfRun.Any(line =>
        line.Contains("EADDRINUSE", StringComparison.Ordinal) || line.Contains("address already in use", StringComparison.OrdinalIgnoreCase));

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
