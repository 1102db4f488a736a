using System.Globalization;
using Pilothouse.Core.Runtimes;
using Pilothouse.Runtimes.Process.Sweeping;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Runtimes.Process.Tests.Stopping;

public sealed class StopTests : ProcessRuntimeTest
{
    /// <summary>Starts what leaves the replica's session (a second fork makes it nobody's child), with this environment.</summary>
    private static string Daemon(string environment) =>
        $"spawn('setsid', ['--fork', 'sleep', '600'], {{ detached: true, stdio: 'ignore', env: {environment} }}).on('exit', listen);";

    [Fact]
    public async Task Stop_that_goes_on_too_long_can_be_made_shorter()
    {
        var spec = Spec(Servers.Stubborn);
        var runtime = Create();
        await StartUntilReadyAsync(runtime, spec);

        var patient = runtime.StopAsync(spec.Name, TimeSpan.FromHours(1), Cancel);
        await Eventually.TrueAsync(() => Messages.Contains("no"));
        await runtime.StopAsync(spec.Name, TimeSpan.Zero, Cancel);

        await patient.WaitAsync(Eventually.Limit, TimeProvider.System, Cancel);
        Assert.Empty(ProcessesBelow(Root));
    }

    [Fact]
    public async Task Server_that_was_stopped_by_a_signal_of_somebody_is_ended_all_the_same()
    {
        const int sigstop = 19;
        var spec = Spec("listen();");
        var runtime = Create();
        await StartUntilReadyAsync(runtime, spec);
        Members.Signal(ProcessesBelow(Root), sigstop);
        await Eventually.TrueAsync(() => ProcessesBelow(Root).Single().State == 'T');

        await runtime.StopAsync(spec.Name, TimeSpan.FromMilliseconds(100), Cancel);

        Assert.Empty(ProcessesBelow(Root));
    }

    /// <summary>Only the kernel's group still knows it; where there is none, nobody can tell whose it was.</summary>
    [Fact]
    public async Task What_also_forgot_its_environment_is_ended_where_cgroups_hold_it()
    {
        var runtime = Create();
        var holds = runtime.Limits.StartsWith("cgroup", StringComparison.Ordinal);
        var spec = Spec(Daemon(holds ? "{ PATH: process.env.PATH }" : "process.env"));
        var ready = await StartUntilReadyAsync(runtime, spec);
        var members = () => GroupsBelow(Root)
            .SelectMany(group => File.ReadAllLines(Path.Combine(group, "cgroup.procs")))
            .Select(line => int.Parse(line, CultureInfo.InvariantCulture))
            .Where(process => process != ready.ProcessId)
            .ToHashSet();
        if (holds) await Eventually.TrueAsync(() => members().Count == 1);
        var daemons = members();

        await runtime.StopAsync(spec.Name, StopLimit, Cancel);

        Assert.DoesNotContain(daemons, daemon => ProcessTable.Find(daemon) is { IsAlive: true });
        Assert.Empty(GroupsBelow(Root));
    }

    [Fact]
    public async Task What_a_server_leaves_when_it_ends_by_itself_is_ended_before_it_starts_again()
    {
        var spec = Spec("""
            if (isFirst()) spawn('setsid', ['--fork', 'sleep', '600'], { stdio: 'ignore' }).on('exit', () => process.exit(1));
            else listen();
            """);
        var runtime = Create();

        await runtime.StartAsync(spec, Cancel);
        var again = await UntilAsync(runtime, spec, status => status is { Restarts: 1, Phase: ReplicaPhase.Ready });

        Assert.Equal(again.ProcessId, Assert.Single(ProcessesBelow(Root)).Identity.Id);
    }

    [Fact]
    public async Task Server_that_forks_faster_than_it_is_looked_for_leaves_nothing()
    {
        var spec = Spec("""
            listen();
            const fork = () => spawn('setsid', ['--fork', 'sleep', '600'], { detached: true, stdio: 'ignore' }).on('exit', fork);
            fork(); fork();
            onTerm(() => {});
            """);
        var runtime = Create();
        await StartUntilReadyAsync(runtime, spec);
        await Eventually.TrueAsync(() => ProcessesBelow(Root).Count > 10);

        await runtime.StopAsync(spec.Name, TimeSpan.FromMilliseconds(100), Cancel);

        Assert.Empty(ProcessesBelow(Root));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Fifty_replicas_start_and_stop_and_nothing_is_left(bool usesCgroups)
    {
        var options = OptionsFor(Root);
        options.UsesCgroups = usesCgroups;
        var runtime = Create(options);
        var specs = Enumerable.Range(0, 50).Select(_ => Spec(Servers.Healthy)).ToList();
        await Task.WhenAll(specs.Select(spec => runtime.StartAsync(spec, Cancel)));
        await Eventually.TrueAsync(() => runtime.List().All(status => status.Phase == ReplicaPhase.Ready));
        var directories = TemporaryDirectoriesBelow(Root);
        Assert.Equal((50, 50, 50), (ProcessesBelow(Root).Count, directories.Count, RecordsBelow(Root).Count));
        Assert.Equal(50, runtime.List().Select(status => status.Endpoint).Distinct().Count());

        await Task.WhenAll(specs.Select(spec => runtime.StopAsync(spec.Name, StopLimit, Cancel)));

        Assert.Empty(runtime.List());
        Assert.Empty(ProcessesBelow(Root));
        Assert.DoesNotContain(directories, Directory.Exists);
        Assert.Empty(RecordsBelow(Root));
        Assert.Empty(GroupsBelow(Root));
        Assert.All(specs, spec => Assert.True(File.Exists(Path.Combine(spec.StateDirectory, "flushed"))));
        Assert.Equal(0, await runtime.SweepAsync(Cancel));
    }
}
