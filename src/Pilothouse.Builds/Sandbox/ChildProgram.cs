// The banned-symbols list knows the same rule and forbids even saying so.
#pragma warning disable MA0163
using System.ComponentModel;
using System.Diagnostics;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.Sandbox;

/// <summary>One program, run to its end and read to its end; nothing that it started outlives it.</summary>
internal static class ChildProgram
{
    private static readonly TimeSpan s_readLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_killLimit = TimeSpan.FromMinutes(1);

    /// <param name="arguments">argv, program first; absolute.</param>
    /// <param name="environment">All of it; has <see cref="MarkedProcesses.Variable"/>.</param>
    /// <param name="onLine">Never called twice at a time.</param>
    /// <param name="started">Given the process's number as soon as there is one.</param>
    /// <param name="cancellationToken">Kills.</param>
    /// <exception cref="BuildUnavailableException">The program cannot be started on this host.</exception>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, string folder, IReadOnlyDictionary<string, string> environment,
        Action<string> onLine, Action<int> started, TimeProvider time, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var marker = environment[MarkedProcesses.Variable];
        var ended = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var readers = new List<Task>();
        using var process = new Process { StartInfo = Start(arguments, folder, environment) };
        // Death signals follow the thread that started the child, so that one lives as long as it.
        var thread = new Thread(() => Live(process, onLine, started, readers, ended, cancellationToken)) { IsBackground = true, Name = "build" };
        thread.Start();

        using (cancellationToken.Register(() => KillGroup(process)))
            await ended.Task;
        await KillRestAsync(marker, time);
        await DrainAsync(process, readers, time);
        thread.Join();
        cancellationToken.ThrowIfCancellationRequested();
        return await ended.Task;
    }

    private static async Task KillRestAsync(string marker, TimeProvider time)
    {
        // Not the caller's token: that one may be the reason.
        using var limit = new CancellationTokenSource(s_killLimit, time);
        try
        {
            await MarkedProcesses.KillAsync(marker, time, limit.Token);
        }
        catch (OperationCanceledException exception)
        {
            throw new BuildUnavailableException($"Processes of a build could not be killed within {s_killLimit}; look for what hangs in the kernel.", exception);
        }
    }

    private static void Live(Process process, Action<string> onLine, Action<int> started, List<Task> readers, TaskCompletionSource<int> ended, CancellationToken cancellationToken)
    {
        try
        {
            process.Start();
            // Cancelled before there was anything to kill.
            if (cancellationToken.IsCancellationRequested) KillGroup(process);
            process.StandardInput.Close();
            started(process.Id);
            var gate = new Lock();
            foreach (var stream in (Stream[])[process.StandardOutput.BaseStream, process.StandardError.BaseStream])
                readers.Add(ReadOnThread(stream, line =>
                {
                    lock (gate) onLine(line);
                }));
            process.WaitForExit();
            ended.SetResult(process.ExitCode);
        }
        catch (Exception exception) when (exception is Win32Exception or IOException)
        {
            ended.SetException(new BuildUnavailableException($"{process.StartInfo.FileName} cannot be run on this host: {exception.Message}", exception));
        }
        catch (Exception exception)
        {
            // Not swallowed: thrown where it is waited for, instead of ending this whole process.
            KillGroup(process);
            ended.SetException(exception);
        }
    }

    /// <summary>A thread for each, since reading a pipe holds one anyway.</summary>
    private static Task ReadOnThread(Stream stream, Action<string> onLine)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                new LineReading(onLine).ReadAll(stream);
                done.SetResult();
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException)
            {
                // Closed below us.
                done.SetResult();
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        })
        { IsBackground = true, Name = "build output" }.Start();
        return done.Task;
    }

    /// <summary>All writers are dead, so the pipes end; unless one got away, who must not hold us.</summary>
    private static async Task DrainAsync(Process process, List<Task> readers, TimeProvider time)
    {
        try
        {
            await Task.WhenAll(readers).WaitAsync(s_readLimit, time);
        }
        catch (TimeoutException)
        {
            process.StandardOutput.Close();
            process.StandardError.Close();
        }
    }

    private static void KillGroup(Process process)
    {
        try
        {
            // The group is the program's own where setsid made one.
            _ = Native.Libc.SendSignal(-process.Id, Native.Libc.Kill);
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // Not started, or over.
        }
    }

    private static ProcessStartInfo Start(IReadOnlyList<string> arguments, string folder, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(arguments[0], arguments.Skip(1))
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return start;
    }
}
