using System.Diagnostics.Metrics;
using Pilothouse.Core.Reconciling;
using Pilothouse.Core.Revisions;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Tests.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Listener.Tests;

/// <summary>
/// The line between a listener and its control plane is cut, loses, repeats and delays, one kind of message at a time, for seconds and for longer than
/// anything waits: the same comes about, no caller notices, and nothing is told twice.
/// </summary>
public sealed class PartitionTests
{
    public static TheoryData<string, string, int> Troubles() => new MatrixTheoryData<string, string, int>(
        Enum.GetNames<Message>(), Enum.GetNames<Trouble>(), [7, 200]).Select(row => row.Data).Aggregate(new TheoryData<string, string, int>(), (all, row) =>
        {
            all.Add(row.Item1, row.Item2, row.Item3);
            return all;
        });

    [Theory]
    [MemberData(nameof(Troubles))]
    public void Redeploy_crash_and_deletion_come_about_as_ever(string message, string trouble, int seconds)
    {
        using var world = new ListenerWorld();
        var wanted = world.Serving();
        using var callers = new Callers(world, wanted);
        world.Run(TimeSpan.FromSeconds(1));
        world.Line.Make(Enum.Parse<Message>(message), Enum.Parse<Trouble>(trouble), TimeSpan.FromSeconds(seconds));

        var second = world.Next(wanted, 2);
        world.Run(TimeSpan.FromSeconds(seconds));
        world.UntilStatus(second, RevisionStatus.Deployed, TimeSpan.FromMinutes(5));
        world.Runtime.Log(ListenerWorld.Real(wanted, 2), "INFO", "a line");
        var third = world.Next(wanted, 3);
        world.UntilStatus(third, RevisionStatus.Deployed, TimeSpan.FromMinutes(5));
        world.Until(() => world.Control.Logs.Any(line => line.Message == "a line"), "the line arrived", TimeSpan.FromMinutes(5));

        // What was delayed arrives behind all that.
        world.Run(TimeSpan.FromMinutes(3));
        Assert.Equal("3", world.Running());
        Assert.Equal(third.Id, world.Control.Find(wanted.Id)!.Active!.Id);
        Assert.Equal((RevisionStatus.Deployed, RevisionStatus.Deployed), (world.Control.Status(second.Id), world.Control.Status(third.Id)));
        Assert.Empty(callers.Lost);
        Assert.Equal(callers.Answered, FakeAgents.Threads(world.StateOf(wanted)));
        Assert.Single(world.Control.Logs, line => line.Message == "a line");
        Assert.Equal(2, world.Control.Events.Count(happened => happened.Kind == "switched"));
        Assert.Equal(world.Control.Events.Count, world.Control.Events.DistinctBy(happened => happened.Key).Count());
        if (Enum.Parse<Message>(message) is not Message.Logs) Assert.InRange(world.Line.Struck, 1, int.MaxValue);

        callers.Dispose();
        world.Control.Want(world.Control.Find(wanted.Id)! with { IsDeleted = true, Active = null, Next = null });
        world.Until(() => world.Control.Find(wanted.Id) is null, "the deletion is done", TimeSpan.FromMinutes(5));
        Assert.Equal("", world.Running());
        Assert.Empty(world.Violations);
    }

    [Fact]
    public void T29_a_day_without_the_control_plane_agents_serve_and_start_again_after_a_crash_and_after_a_restart_of_the_machine()
    {
        using var world = new ListenerWorld { RemembersAs = "a-key-of-the-listener" };
        var wanted = world.Serving();
        world.Control.IsAway = true;

        world.Run(TimeSpan.FromHours(8));
        world.Runtime.Crash(ListenerWorld.Real(wanted, 1));
        world.Runtime.Restart(ListenerWorld.Real(wanted, 1));
        world.Until(() => world.Runtime.List().Any(replica => replica.Phase == ReplicaPhase.Ready), "it runs again after a crash");
        world.Run(TimeSpan.FromHours(8));
        world.Restart();
        world.Until(() => world.RouteOf(wanted) is { Endpoints.Count: > 0 }, "it runs again after a restart of the machine");
        world.Run(TimeSpan.FromHours(8));

        Assert.Equal("1", world.Running());
        Assert.Equal(wanted.Active!.Id, world.RouteOf(wanted)!.Revision.Value);

        world.Control.IsAway = false;
        var next = world.Next(wanted, 2);
        world.UntilStatus(next, RevisionStatus.Deployed, TimeSpan.FromMinutes(2));
        Assert.Equal("2", world.Running());
        Assert.Empty(world.Violations);
    }

    /// <summary>Three hundred listeners lost their control plane at the same moment; it comes back after an hour.</summary>
    [Fact]
    public void T30_listeners_that_hear_their_control_plane_again_do_not_all_come_at_once()
    {
        const int listeners = 300;
        var simulation = new Simulation();
        var isAway = true;
        var came = new List<DateTimeOffset>();
        using var stop = new CancellationTokenSource();
        for (var number = 0; number < listeners; number++)
        {
            var loop = new ReconcileLoop<string>(new Asking(Ask), new ReconcilePace { Workers = 1 }, new Silent(), simulation.Time, new LoopMetrics(new NoMeters()).Of("pull"));
            _ = simulation.NewProcess().Start(() => loop.RunAsync(stop.Token));
        }

        var end = simulation.Time.GetUtcNow() + TimeSpan.FromHours(1);
        simulation.RunUntil(() => simulation.Time.GetUtcNow() >= end, TimeSpan.FromHours(2), "an hour passes");
        isAway = false;
        var back = simulation.Time.GetUtcNow();
        simulation.RunUntil(() => came.Count == listeners, TimeSpan.FromMinutes(10), "all came");

        var busiest = came.GroupBy(at => (int)(at - back).TotalSeconds).Max(second => second.Count());
        Assert.InRange(busiest, 1, listeners / 4);
        Assert.InRange(came.Max() - back, TimeSpan.Zero, TimeSpan.FromMinutes(2));
        stop.Cancel();

        void Ask()
        {
            if (isAway) throw new HttpRequestException("Nobody is there.");
            came.Add(simulation.Time.GetUtcNow());
        }
    }

    [Fact]
    public void What_lies_on_the_disk_for_that_tells_no_secret_and_opens_with_the_listeners_key_alone()
    {
        using var world = new ListenerWorld { RemembersAs = "a-key-of-the-listener" };
        world.Deploy(world.Revision(1, environment: new Dictionary<string, string> { ["TOKEN"] = "s3cret" }));
        world.Start();
        world.Until(() => world.Running() == "1", "it runs");
        var file = Path.Combine(world.Root, "wanted.sealed");
        var kept = System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(file));

        Assert.DoesNotContain("s3cret", kept, StringComparison.Ordinal);
        Assert.DoesNotContain("TOKEN", kept, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        // After an exchange of the key it waits for the control plane.
        world.Control.IsAway = true;
        world.RemembersAs = "another-key";
        world.Restart();
        world.Run(TimeSpan.FromMinutes(1));
        Assert.Equal("", world.Running());
        world.Control.IsAway = false;
        world.Until(() => world.Running() == "1", "it runs again", TimeSpan.FromMinutes(2));
    }

    /// <summary>Asks once more after each failure, and no more after the first success.</summary>
    private sealed class Asking(Action ask) : IReconciler<string>
    {
        public Task<IReadOnlyList<string>> AllKeysAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>(["pull"]);

        public async Task<Reconciled> ReconcileAsync(string key, CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            ask();
            return new Reconciled.Again(TimeSpan.FromDays(1), "it was heard");
        }
    }

    private sealed class Silent : IReconcileEvents<string>
    {
        public void Failed(string key, Exception exception, TimeSpan retryAfter)
        {
        }

        public void Stalled(string key, string reason, string message)
        {
        }

        public void ResyncFailed(Exception exception)
        {
        }
    }

    private sealed class NoMeters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
