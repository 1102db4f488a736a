using System.Globalization;
using Pilothouse.Core.Runtimes;
using Pilothouse.Runtimes.Process.Native;

namespace Pilothouse.Runtimes.Process;

/// <summary>From how a process ended to what people are told: pure.</summary>
internal static class ExitReading
{
    private const string HeapFull = "JavaScript heap out of memory";
    private const int Abort = 6;

    // Linux, all architectures that .NET runs on.
    private static readonly string[] SignalNames =
    [
        "", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2",
        "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU",
        "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ];

    /// <param name="end">What the kernel says.</param>
    /// <param name="killedByLimit">The memory limit killed a process of this replica while this one ran.</param>
    /// <param name="memoryBytes">The limit.</param>
    /// <param name="lastLines">What it printed last; Node says there that its heap, which it sizes by the limit, was full.</param>
    public static ReplicaExit Read(
        ChildEnd end, bool killedByLimit, long memoryBytes, IReadOnlyList<string> lastLines, DateTimeOffset at)
    {
        var limit = $"limit {memoryBytes / (1024 * 1024)} MiB";
        var isHeapFull = end.Signal == Abort && lastLines.Any(line => line.Contains(HeapFull, StringComparison.Ordinal));
        var plain = end.Signal is { } signal ? $"signal {Name(signal)}" : $"exit code {end.Code}";
        var reason = (killedByLimit, isHeapFull) switch
        {
            (true, _) when end.Signal == Libc.Kill => $"out of memory ({limit})",
            (true, _) => $"{plain} after out of memory ({limit})",
            (_, true) => $"out of memory (JavaScript heap, {limit})",
            _ => plain,
        };
        return new ReplicaExit(reason, end.Code, killedByLimit || isHeapFull, at);
    }

    private static string Name(int signal) => signal > 0 && signal < SignalNames.Length
        ? SignalNames[signal]
        : signal.ToString(CultureInfo.InvariantCulture);
}
