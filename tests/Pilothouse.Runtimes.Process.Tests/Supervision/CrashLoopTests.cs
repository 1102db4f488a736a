using Pilothouse.Core.Runtimes;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Runtimes.Process.Tests.Supervision;

public sealed class CrashLoopTests : ProcessRuntimeTest
{
    [Fact]
    public async Task Crash_loop_is_told_with_its_count_its_reason_and_the_last_lines()
    {
        var spec = Spec("for (let i = 1; i <= 30; i++) console.error(`line ${i}`); process.exitCode = 4;");
        var runtime = Create();
        await runtime.StartAsync(spec, Cancel);

        var looping = await UntilAsync(runtime, spec, status => status.Phase == ReplicaPhase.CrashLooping);
        await Eventually.TrueAsync(() => Messages.Any(message => message.Contains("(crash loop: ", StringComparison.Ordinal)));

        Assert.Equal(("exit code 4", 4), (looping.LastExit!.Reason, looping.Restarts));
        Assert.Equal(Enumerable.Range(11, 20).Select(line => $"line {line}"), looping.LastLines);
        var told = Messages.First(message => message.Contains("(crash loop: ", StringComparison.Ordinal));
        Assert.StartsWith("The server ended: exit code 4; it starts again in ", told, StringComparison.Ordinal);
        Assert.EndsWith(" s (crash loop: 5 times in a row, each within 60 s).", told, StringComparison.Ordinal);
    }

    [Fact]
    public void Pauses_double_up_to_the_longest_and_a_crash_loop_waits_the_longest()
    {
        var options = new ProcessRuntimeOptions
        {
            FirstBackoff = TimeSpan.FromSeconds(1),
            LongestBackoff = TimeSpan.FromSeconds(60),
            CrashLoopExits = 5,
            StableAfter = TimeSpan.FromSeconds(30),
        };
        var streak = default(RestartStreak);
        var pauses = new List<double>();
        for (var exit = 1; exit <= 6; exit++)
        {
            streak = streak.After(TimeSpan.FromSeconds(29), options);
            pauses.Add(streak.Pause(options, random: 0.5).TotalSeconds);
        }

        Assert.Equal([1, 2, 4, 8, 60, 60], pauses);
        Assert.True(streak.IsCrashLoop(options));
        Assert.Equal((0.8, 1.2), (new RestartStreak(1).Pause(options, 0).TotalSeconds, new RestartStreak(1).Pause(options, 1).TotalSeconds));

        streak = streak.After(TimeSpan.FromSeconds(30), options);
        Assert.Equal((1, false), (streak.Exits, streak.IsCrashLoop(options)));
    }
}
