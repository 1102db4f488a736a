using Pilothouse.Runtimes.Process.Tests.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Runtimes.Process.Tests.Sweeping;

/// <summary><c>kill -9</c> of a control plane, and the next one on its data directory.</summary>
public sealed class KilledHostTests : ProcessRuntimeTest
{
    private const string Daemonizes = Servers.Daemonizes + "onTerm(() => {});";

    [Fact]
    public async Task Next_control_plane_ends_all_that_was_left_and_only_that()
    {
        var elsewhere = Directory.CreateDirectory(Path.Combine(Root, "elsewhere")).FullName;
        using var neighbour = await HostProcess.StartAsync(HostedReplicas.Of(elsewhere, Servers.Healthy));
        var ours = Directory.CreateDirectory(Path.Combine(Root, "ours")).FullName;
        using var killed = await HostProcess.StartAsync(HostedReplicas.Of(ours, Servers.Healthy, Servers.Stubborn, Daemonizes));
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
    public async Task What_the_killed_one_printed_into_is_no_broken_pipe_for_a_server_that_still_flushes()
    {
        const string prints = "listen(); onTerm(() => { for (let i = 0; i < 1000; i++) console.log(`flushing ${i}`); flush(); process.exit(0); });";
        using var killed = await HostProcess.StartAsync(HostedReplicas.Of(Root, prints));
        await killed.KillAsync();

        await Create().SweepAsync(Cancel);

        Assert.Single(Directory.GetFiles(Path.Combine(Root, "data", "state"), "flushed", SearchOption.AllDirectories));
    }
}
