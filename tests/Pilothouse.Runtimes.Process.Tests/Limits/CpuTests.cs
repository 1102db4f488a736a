using System.Globalization;
using Pilothouse.Core.Deployments;
using Pilothouse.Runtimes.Process.Sweeping;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Runtimes.Process.Tests.Limits;

public sealed class CpuTests : ProcessRuntimeTest
{
    /// <summary>USER_HZ of every Linux that .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    private const double Cores = 0.25;

    /// <summary>Two processes that want a core each.</summary>
    private const string Hog = """
        listen();
        spawn(process.execPath, ['-e', 'while (true);'], { detached: true, stdio: 'ignore' });
        setInterval(() => { const until = Date.now() + 50; while (Date.now() < until); }, 1);
        """;

    /// <summary>Asks how long some CPU time takes at least, never how much is had in some time: a busy machine only makes that longer.</summary>
    [Fact]
    public async Task Replica_gets_no_more_than_its_share_of_the_processor()
    {
        var runtime = Create();
        var spec = Spec(Hog) with { Limits = new ReplicaLimits(Cores, ReplicaLimits.Development.MemoryBytes) };
        await StartUntilReadyAsync(runtime, spec);
        await Eventually.TrueAsync(() => ProcessesBelow(Root).Count == 2);

        var (before, began) = (UsedSeconds(), TimeProvider.System.GetTimestamp());
        var used = await Eventually.ReadAsync(() => UsedSeconds() - before, seconds => seconds >= 0.5);
        var took = TimeProvider.System.GetElapsedTime(began).TotalSeconds;

        if (runtime.Limits.Contains("cpu)", StringComparison.Ordinal))
            Assert.True(took >= used / Cores * 0.7, $"{used:0.00} s of CPU time in {took:0.00} s, with {Cores} cores allowed");
        else
            Assert.All(ProcessesBelow(Root), process => Assert.Equal(5, Nice(process.Identity.Id)));
    }

    [Fact]
    public async Task Where_no_cgroup_holds_it_a_replica_and_what_it_starts_run_at_lower_priority_than_the_control_plane()
    {
        var options = OptionsFor(Root);
        options.UsesCgroups = false;
        var runtime = Create(options);

        await StartUntilReadyAsync(runtime, Spec(Hog));
        await Eventually.TrueAsync(() => ProcessesBelow(Root).Count == 2);

        Assert.StartsWith("measuring", runtime.Limits, StringComparison.Ordinal);
        Assert.All(ProcessesBelow(Root), process => Assert.Equal(5, Nice(process.Identity.Id)));
    }

    private double UsedSeconds() => ProcessesBelow(Root).Sum(process => Field(process.Identity.Id, 14) + Field(process.Identity.Id, 15)) / TicksPerSecond;

    private static long Nice(int process) => Field(process, 19);

    /// <param name="number">As proc(5) counts the fields of <c>/proc/PID/stat</c>.</param>
    private static long Field(int process, int number)
    {
        var text = ProcessTable.ReadText($"/proc/{process}/stat") ?? throw new InvalidOperationException($"{process} is gone.");
        return long.Parse(text[(text.LastIndexOf(')') + 2)..].Split(' ')[number - 3], CultureInfo.InvariantCulture);
    }
}
