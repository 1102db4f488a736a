using Pilothouse.Core.Runtimes;
using Pilothouse.Runtimes.Process.Tests.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Runtimes.Process.Tests.Sweeping;

/// <summary><c>kill -9</c> of a control plane, and the next one on its data directory.</summary>
public sealed class KilledHostTests : ProcessRuntimeTest
{
    private const string Daemonizes =
        "spawn('setsid', ['--fork', 'sleep', '600'], { detached: true, stdio: 'ignore' }).on('exit', listen); onTerm(() => {});";

    [Fact]
    public async Task Next_control_plane_ends_all_that_was_left_and_only_that()
    {
        var elsewhere = Directory.CreateDirectory(Path.Combine(Root, "elsewhere")).FullName;
        using var neighbour = await HostProcess.StartAsync(elsewhere, Nothing, Servers.Healthy);
        var ours = Directory.CreateDirectory(Path.Combine(Root, "ours")).FullName;
        using var killed = await HostProcess.StartAsync(ours, Nothing, Servers.Healthy, Servers.Stubborn, Daemonizes);
        var (directories, theirs) = (TemporaryDirectoriesBelow(ours), ProcessesBelow(elsewhere));
        Assert.Equal((3, 4), (directories.Count, ProcessesBelow(ours).Count));
        await killed.KillAsync();

        // The kernel tells the leaders; who does not care goes on.
        await Eventually.TrueAsync(() => ProcessesBelow(ours).Count == 3);
        var swept = await Create(OptionsFor(ours)).SweepAsync(Cancel);

        Assert.Equal(3, swept);
        Assert.Empty(ProcessesBelow(ours));
        Assert.DoesNotContain(directories, Directory.Exists);
        Assert.Empty(RecordsBelow(ours));
        Assert.Empty(GroupsBelow(ours));
        Assert.Single(Directory.GetFiles(Path.Combine(ours, "data", "state"), "flushed", SearchOption.AllDirectories));
        Assert.Equal(theirs.Select(process => process.Identity), ProcessesBelow(elsewhere).Select(process => process.Identity));
        Assert.Single(RecordsBelow(elsewhere));
        await neighbour.StopAsync();
        Assert.Empty(ProcessesBelow(elsewhere));
    }

    [Fact]
    public async Task What_the_killed_one_ran_runs_again_under_the_same_name()
    {
        using var killed = await HostProcess.StartAsync(Root, Nothing, Servers.Stubborn);
        var old = Assert.Single(ProcessesBelow(Root));
        await killed.KillAsync();
        var name = new ReplicaName(Path.GetFileNameWithoutExtension(Assert.Single(RecordsBelow(Root))));

        var runtime = Create();
        Assert.Equal(1, await runtime.SweepAsync(Cancel));
        var again = await StartUntilReadyAsync(runtime, Spec(Servers.Healthy) with { Name = name });

        Assert.Equal(0, again.Restarts);
        Assert.NotEqual(old.Identity.Id, again.ProcessId);
        Assert.Equal(again.ProcessId, Assert.Single(ProcessesBelow(Root)).Identity.Id);
    }

    [Fact]
    public async Task What_the_killed_one_printed_into_is_no_broken_pipe_for_a_server_that_still_flushes()
    {
        const string prints = "listen(); onTerm(() => { for (let i = 0; i < 1000; i++) console.log(`flushing ${i}`); flush(); process.exit(0); });";
        using var killed = await HostProcess.StartAsync(Root, Nothing, prints);
        await killed.KillAsync();

        await Create().SweepAsync(Cancel);

        Assert.Single(Directory.GetFiles(Path.Combine(Root, "data", "state"), "flushed", SearchOption.AllDirectories));
    }

    private static Dictionary<string, string> Nothing { get; } = [];
}
