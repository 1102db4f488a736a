using System.Runtime.InteropServices;

namespace Pilothouse.Cli.Output;

/// <summary>
/// Ctrl-C and SIGTERM. The first asks the command to stop, which says what holds now; when it has not stopped two seconds later the process ends, as it does
/// at once on a second one.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private const int Interrupted = 128 + 2;
    private const int Terminated = 128 + 15;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop;
    private readonly ITimer _end;
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private int _code;

    /// <param name="outer">Counts as Ctrl-C.</param>
    public StopSignals(CancellationToken outer)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(outer);
        _end = TimeProvider.System.CreateTimer(_ => Environment.Exit(ExitCode), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, Interrupted));
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, Terminated));
    }

    public CancellationToken Token => _stop.Token;

    /// <summary>128 and the signal's number, as shells have it.</summary>
    public int ExitCode => _code == 0 ? Interrupted : _code;

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _end.Dispose();
        _stop.Dispose();
    }

    private void Stop(PosixSignalContext signal, int code)
    {
        if (Interlocked.CompareExchange(ref _code, code, 0) != 0) return;
        signal.Cancel = true;
        _end.Change(s_patience, Timeout.InfiniteTimeSpan);
        // Not on this thread: what is awakened would run on it.
        _stop.CancelAfter(TimeSpan.Zero);
    }
}
