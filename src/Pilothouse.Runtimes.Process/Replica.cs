using System.Diagnostics;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Runtimes;
using Pilothouse.Runtimes.Process.Native;
using Pilothouse.Runtimes.Process.Output;
using Pilothouse.Runtimes.Process.Sweeping;

namespace Pilothouse.Runtimes.Process;

/// <summary>Supervises one replica: start, watch, end, pause, start again, until it is stopped; then nothing of it is left.</summary>
internal sealed class Replica
{
    /// <summary>Exit code of what could not be executed, as shells have it.</summary>
    private const int CannotExecute = 126;

    private const int MostLostPorts = 10;
    private static readonly TimeSpan RelayLimit = TimeSpan.FromSeconds(2);

    private readonly ReplicaSpec _spec;
    private readonly RuntimeParts _parts;
    private readonly ReplicaOutput _output;
    private readonly ReplicaBoard _board;
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _kill = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ReplicaTraces _traces;

    /// <summary>The step that wanted it.</summary>
    private readonly ActivityContext _asked = Activity.Current?.Context ?? default;

    private Task _supervision = Task.CompletedTask;

    public Replica(ReplicaSpec spec, RuntimeParts parts)
    {
        _spec = spec;
        _parts = parts;
        _output = new ReplicaOutput(spec, parts.Observers, parts.Time);
        _board = new ReplicaBoard(spec, _output, parts.Observers, parts.Time);
        _traces = new ReplicaTraces(spec, parts);
    }

    public ReplicaSpec Spec => _spec;

    public ReplicaStatus Status => _board.Status;

    public bool IsStopping => _stop.Task.IsCompleted;

    /// <summary>Its first process is there, or was refused; fails with <see cref="RuntimeUnavailableException"/>, and then it is over.</summary>
    public Task Begun => _begun.Task;

    /// <summary>It is over and nothing of it is left. Never fails.</summary>
    public Task Over => _supervision;

    public void Begin() => _supervision = SuperviseAsync();

    /// <summary>May be called again with a shorter limit.</summary>
    public async Task StopAsync(TimeSpan limit)
    {
        await using var timer = _parts.Time.CreateTimer(_ => _kill.TrySetResult(), state: null, limit, Timeout.InfiniteTimeSpan);
        _stop.TrySetResult();
        await Over;
    }

    private async Task SuperviseAsync()
    {
        // It outlives by far what asked for it.
        Activity.Current = null;
        var relaying = _output.RelayAsync();
        try
        {
            _traces.Prepare();
            await RunUntilStoppedAsync();
        }
        catch (Exception exception)
        {
            // Whatever it was: nobody may wait for this replica for ever, and its traces go.
            if (!IsOfMachine(exception)) _parts.Logger.SupervisionFailed(exception, _spec.Name);
            _begun.TrySetException(new RuntimeUnavailableException($"Replica {_spec.Name} could not be started on this machine.", exception));
        }

        _traces.Remove();

        // Stopped before its first process was there.
        _begun.TrySetResult();
        _output.Complete();
        await Task.WhenAny(relaying, Task.Delay(RelayLimit, _parts.Time, CancellationToken.None));
        _board.Tell();
        _parts.Logger.ReplicaStopped(_spec.Name);
    }

    private async Task RunUntilStoppedAsync()
    {
        var (streak, lostPorts, restarts) = (default(RestartStreak), 0, 0);
        while (!IsStopping)
        {
            var began = _parts.Time.GetTimestamp();
            var end = await RunOnceAsync(restarts);
            if (IsStopping) return;
            if (end.LostPort && ++lostPorts <= MostLostPorts)
            {
                _output.Say("WARNING", "The port was taken meanwhile; the server starts again on another.");
                _board.PortTaken();
                continue;
            }

            lostPorts = 0;
            streak = streak.After(_parts.Time.GetElapsedTime(began), _parts.Options);
            await PauseAsync(end.Exit, streak);
            if (!IsStopping) _parts.Metrics?.Restarted();
            restarts++;
        }
    }

    /// <summary>A scratch replica pauses until it is stopped: it is not started again.</summary>
    private async Task PauseAsync(ReplicaExit exit, RestartStreak streak)
    {
        if (_spec.IsScratch)
        {
            _parts.Logger.ScratchEnded(_spec.Name, exit.Reason);
            _output.Say("ERROR", $"The server ended while it was tried out: {exit.Reason}.");
            _board.Exited(ReplicaPhase.Ended, exit);
            _begun.TrySetResult();
            await _stop.Task;
            return;
        }

        // Spreads restarts; nothing secret depends on it.
#pragma warning disable CA5394
        var pause = streak.Pause(_parts.Options, Random.Shared.NextDouble());
#pragma warning restore CA5394
        var isLoop = streak.IsCrashLoop(_parts.Options);
        _parts.Logger.ReplicaEnded(_spec.Name, exit.Reason, pause);
        _output.Say(
            "ERROR",
            $"The server ended: {exit.Reason}; it starts again in {pause.TotalSeconds:0.#} s"
                + (isLoop ? $" (crash loop: {streak.Exits} times in a row, each within {_parts.Options.StableAfter.TotalSeconds:0.#} s)." : "."));
        _board.Exited(isLoop ? ReplicaPhase.CrashLooping : ReplicaPhase.BackingOff, exit);
        _begun.TrySetResult();

        using var over = new CancellationTokenSource();
        await Task.WhenAny(_stop.Task, Task.Delay(pause, _parts.Time, over.Token));
        await over.CancelAsync();
    }

    private async Task<RunEnd> RunOnceAsync(int restarts)
    {
        int? port = null;
        try
        {
            port = _parts.Ports.Take();
            var child = await StartAsync(port.Value);
            return await SuperviseAsync(child, port.Value, restarts);
        }
        catch (ReplicaRefusedException exception)
        {
            return Failed($"could not be started: {exception.Message.TrimEnd('.')}");
        }
        catch (Exception exception) when (_begun.Task.IsCompleted)
        {
            // It was there before, so it is tried again as after any other end.
            if (IsOfMachine(exception)) return Failed($"could not be started: {exception.Message.TrimEnd('.')}");
            _parts.Logger.SupervisionFailed(exception, _spec.Name);
            return Failed($"fault of the process runtime: {exception.Message.TrimEnd('.')}");
        }
        finally
        {
            if (port is { } taken) _parts.Ports.Return(taken);
        }
    }

    private async Task<RunEnd> SuperviseAsync(Child child, int port, int restarts)
    {
        var identity = ProcessTable.Find(child.ProcessId)?.Identity ?? new ProcessIdentity(child.ProcessId, 0);
        var members = new Members(
            Members.MarkerOf(_parts.Options.ReplicasDirectory, _spec.Name.Value) + '\0', _traces.Enclosure.Members, identity);
        try
        {
            _traces.Record(identity);
            _board.Started(child.ProcessId, new Uri($"http://{LaunchPlan.Host}:{port}"), restarts);
            _parts.Logger.ReplicaStarted(_spec.Name, child.ProcessId, port);
            var run = new ReplicaRun(_spec, _parts, _board, _output, _traces.Enclosure, child, members, port)
            {
                Asked = restarts == 0 ? _asked : default,
            };
            _begun.TrySetResult();
            return await run.UntilEndAsync(_stop.Task, _kill.Task);
        }
        catch
        {
            await ReplicaRun.EndByForceAsync(child, members, _parts, _spec.Name);
            throw;
        }
    }

    /// <exception cref="ReplicaRefusedException">It can never be started as it is.</exception>
    private async Task<Child> StartAsync(int port)
    {
        var site = new LaunchSite(
            _spec.ArtifactDirectory, _traces.StateDirectory, Path.GetFullPath(_parts.Options.ToolchainDirectory), LaunchPlan.Host, port);
        var marker = $"{_parts.Options.ReplicasDirectory}/{_spec.Name}";
        var request = LaunchPlan.Plan(_spec, site, _traces.TemporaryDirectory, marker, Environment.GetEnvironmentVariables(), _parts.Setpriv);
        if (!Directory.Exists(request.WorkingDirectory))
            throw new ReplicaRefusedException($"The working directory {request.WorkingDirectory} is not there.");

        _output.BeginRun();
        _output.Say(
            "INFO",
            $"Starting the server on port {port}; limits: {_spec.Limits.CpuCores:0.##} CPU, {_spec.Limits.MemoryBytes / (1024 * 1024)} MiB by {_parts.Limits.Description}.");
        return await SpawnAsync(request);
    }

    private async Task<Child> SpawnAsync(SpawnRequest request)
    {
        try
        {
            return await _parts.Children.StartAsync(request, _output.Take, processId =>
            {
                if (_traces.Enclosure.Enter(processId)) return;
                _parts.Logger.Unlimited(_spec.Name, processId);
                _output.Say("WARNING", "The server runs without its limits: the kernel did not take it into its group.");
            });
        }
        catch (SpawnException exception) when (!exception.IsOfMachine)
        {
            throw new ReplicaRefusedException(
                exception.Error == Libc.ArgumentsTooLong ? LaunchPlan.TooLarge(request.Environment) : exception.Message);
        }
    }

    private RunEnd Failed(string why) =>
        new(new ReplicaExit(why, CannotExecute, IsOutOfMemory: false, _parts.Time.GetUtcNow()), LostPort: false);

    /// <summary>Safe to retry, unlike what is wrong with the replica itself.</summary>
    private static bool IsOfMachine(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or SpawnException { IsOfMachine: true };
}
