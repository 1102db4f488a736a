namespace Pilothouse.Runtimes.Process;

/// <summary>Counts exits in a row and says how long to wait: pure.</summary>
internal readonly record struct RestartStreak(int Exits)
{
    /// <summary>A process ended after <paramref name="uptime"/>; one that ran long enough starts the count anew.</summary>
    public RestartStreak After(TimeSpan uptime, ProcessRuntimeOptions options) =>
        new(uptime >= options.StableAfter ? 1 : Exits + 1);

    public bool IsCrashLoop(ProcessRuntimeOptions options) => Exits >= options.CrashLoopExits;

    /// <param name="options">Shortest and longest pause.</param>
    /// <param name="random">From 0 up to 1; spreads restarts by a fifth either way.</param>
    public TimeSpan Pause(ProcessRuntimeOptions options, double random)
    {
        var doubled = options.FirstBackoff * Math.Pow(2, Math.Clamp(Exits - 1, 0, 30));
        var pause = IsCrashLoop(options) || doubled > options.LongestBackoff ? options.LongestBackoff : doubled;
        return pause * (1 + (0.2 * ((random * 2) - 1)));
    }
}
