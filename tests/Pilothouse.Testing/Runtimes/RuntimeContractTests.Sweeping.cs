using Pilothouse.Core.Runtimes;
using Xunit;

namespace Pilothouse.Testing.Runtimes;

/// <summary>What a control plane that was killed leaves to the next one on its data directory.</summary>
public abstract partial class RuntimeContractTests
{
    [Fact]
    public async Task Sweep_finds_nothing_where_nothing_ran()
    {
        Assert.Equal(0, await Runtime.SweepAsync(Cancel));
    }

    [Fact]
    public async Task Sweep_ends_what_a_killed_control_plane_left_and_says_how_many()
    {
        await LeaveBehindAsync(Spec(ContractServer.Stubborn), Spec(ContractServer.Stubborn), Spec(ContractServer.Stubborn));
        Assert.Equal(3, Processes().Count);

        var ended = await Runtime.SweepAsync(Cancel);

        Assert.Equal(3, ended);
        Assert.Empty(Processes());
        Assert.Empty(Runtime.List());
        Assert.Equal(0, await Runtime.SweepAsync(Cancel));
    }

    [Fact]
    public async Task Sweep_finds_what_left_the_session_of_a_replica()
    {
        await LeaveBehindAsync(Spec(ContractServer.Daemonizes));
        Assert.NotEmpty(Processes());

        var ended = await Runtime.SweepAsync(Cancel);

        // The leader may have ended with its control plane; what it started knows nothing of that.
        Assert.InRange(ended, 1, 2);
        Assert.Empty(Processes());
    }

    [Fact]
    public async Task What_a_killed_control_plane_ran_runs_again_under_the_same_names_on_the_same_state_and_only_once()
    {
        ReplicaSpec[] specs = [Spec(ContractServer.Healthy), Spec(ContractServer.Stubborn), Spec(ContractServer.Daemonizes)];
        foreach (var spec in specs)
        {
            Directory.CreateDirectory(spec.StateDirectory);
            await File.WriteAllTextAsync(Path.Combine(spec.StateDirectory, "threads"), spec.Name.Value, Cancel);
        }

        await LeaveBehindAsync(specs);
        var left = Processes();

        await Runtime.SweepAsync(Cancel);
        var again = await Task.WhenAll(specs.Select(StartUntilReadyAsync));

        var running = await Eventually.ReadAsync(Processes, processes => processes.Count == 4);
        Assert.Empty(left.Intersect(running));
        Assert.All(again, status => Assert.Equal((0, null), (status.Restarts, status.LastExit)));
        Assert.Equal(3, Runtime.List().Count);
        Assert.All(specs, spec => Assert.Equal(spec.Name.Value, File.ReadAllText(Path.Combine(spec.StateDirectory, "threads"))));
        await Runtime.StopAsync(specs[1].Name, TimeSpan.Zero, Cancel);
    }
}
