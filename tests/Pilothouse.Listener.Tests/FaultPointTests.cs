using Pilothouse.Contracts.Listeners;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Revisions;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Tests.World;
using Pilothouse.Testing.Runtimes;
using Xunit;

namespace Pilothouse.Listener.Tests;

/// <summary>
/// Every call that the loop makes of the outside fails once, is made twice, and is where the process is killed, before its effect and after it; the
/// world must end the same each time (T26).
/// </summary>
public sealed class FaultPointTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(FaultKind.Fail)]
    [InlineData(FaultKind.Kill)]
    [InlineData(FaultKind.Twice)]
    internal void First_deployment(FaultKind kind) => AtEveryPoint(kind, new Story
    {
        Begin = world => world.Deploy(),
        Act = (world, wanted) =>
        {
            world.Start();
            world.UntilStatus(wanted.Next!, RevisionStatus.Deployed);
        },
        End = 1,
    });

    [Theory]
    [InlineData(FaultKind.Fail)]
    [InlineData(FaultKind.Kill)]
    [InlineData(FaultKind.Twice)]
    internal void Redeploy_on_files(FaultKind kind) => AtEveryPoint(kind, Redeploy(StateLocation.Files));

    [Theory]
    [InlineData(FaultKind.Fail)]
    [InlineData(FaultKind.Kill)]
    [InlineData(FaultKind.Twice)]
    internal void Redeploy_on_a_database(FaultKind kind) => AtEveryPoint(kind, Redeploy(StateLocation.Database));

    [Theory]
    [InlineData(FaultKind.Fail)]
    [InlineData(FaultKind.Kill)]
    [InlineData(FaultKind.Twice)]
    internal void Redeploy_of_what_serves_already(FaultKind kind) => AtEveryPoint(kind, new Story
    {
        Begin = world => world.Serving(),
        Act = (world, wanted) =>
        {
            var next = world.Repeat(wanted, 2);
            world.UntilStatus(next, RevisionStatus.Deployed);
        },
        End = 2,
    });

    [Theory]
    [InlineData(FaultKind.Fail)]
    [InlineData(FaultKind.Kill)]
    [InlineData(FaultKind.Twice)]
    internal void Redeploy_that_damages_the_state_and_fails(FaultKind kind) => AtEveryPoint(kind, new Story
    {
        Begin = world => world.Serving(),
        Act = (world, wanted) =>
        {
            world.Behaviour = spec => spec is { IsScratch: false, Launch.Arguments: ["server", "2"] } ? FakeBehaviour.Exits : FakeBehaviour.Ready;
            world.OnFirstTouch(2, state => File.WriteAllText(Path.Combine(state, "threads.txt"), "damaged"));
            var next = world.Next(wanted, 2);
            world.UntilStatus(next, RevisionStatus.DeployFailed);
        },
        End = 1,
    });

    [Theory]
    [InlineData(FaultKind.Fail)]
    [InlineData(FaultKind.Kill)]
    [InlineData(FaultKind.Twice)]
    internal void Redeploy_that_does_not_start(FaultKind kind) => AtEveryPoint(kind, new Story
    {
        Begin = world => world.Serving(),
        Act = (world, wanted) =>
        {
            world.Behaviour = spec => spec.IsScratch ? FakeBehaviour.Exits : FakeBehaviour.Ready;
            var next = world.Next(wanted, 2);
            world.UntilStatus(next, RevisionStatus.DeployFailed);
        },
        End = 1,
    });

    [Theory]
    [InlineData(FaultKind.Fail)]
    [InlineData(FaultKind.Kill)]
    [InlineData(FaultKind.Twice)]
    internal void Deletion(FaultKind kind) => AtEveryPoint(kind, new Story
    {
        Begin = world => world.Serving(),
        Act = (world, wanted) =>
        {
            world.Control.Want(world.Control.Find(wanted.Id)! with { IsDeleted = true });
            world.Until(() => world.Control.Find(wanted.Id) is null, "the end is reported");
        },
        End = null,
    });

    private static Story Redeploy(StateLocation state) => new()
    {
        Begin = world => world.Serving(state),
        Act = (world, wanted) =>
        {
            var next = world.Next(wanted, 2, state);
            world.UntilStatus(next, RevisionStatus.Deployed);
        },
        End = 2,
    };

    private void AtEveryPoint(FaultKind kind, Story story)
    {
        var (points, _) = Play(story, kind, place: null);
        var struck = Enumerable.Range(1, points).Select(place => Play(story, kind, place).Struck).OfType<string>().ToList();

        output.WriteLine($"{struck.Count} points: {kind}");
        foreach (var where in struck) output.WriteLine($"  {where}");
        Assert.True(struck.Count > 3, $"Only {struck.Count} points were struck.");
    }

    /// <returns>How many points there were, and which was struck.</returns>
    private static (int Points, string? Struck) Play(Story story, FaultKind kind, int? place)
    {
        using var world = new ListenerWorld();
        var wanted = story.Begin(world);
        if (wanted.Active is not null) FakeAgents.AddThread(world.StateOf(wanted), "thread-1");
        using var callers = wanted.Active is null ? null : new Callers(world, wanted);
        if (callers is not null) world.Run(TimeSpan.FromSeconds(1));

        var before = world.Faults.Calls.Count;
        if (place is { } armed) world.Faults.Arm(kind, armed);
        story.Act(world, wanted);
        world.Run(TimeSpan.FromSeconds(2));
        callers?.Dispose();
        // Long enough for all that may be waiting: backoff, drain, resync.
        world.Run(TimeSpan.FromMinutes(1));

        AssertEnd(world, wanted, story.End, callers, isKill: kind == FaultKind.Kill);
        return (world.Faults.Calls.Count - before, world.Faults.Struck);
    }

    private static void AssertEnd(ListenerWorld world, WantedDeployment wanted, int? end, Callers? callers, bool isKill)
    {
        var where = world.Faults.Struck;
        Assert.True(world.Violations.Concat(world.Runtime.Violations).ToList() is [], $"{where}: {string.Join(';', world.Violations.Concat(world.Runtime.Violations))}");
        Assert.True(world.Running() == (end is null ? "" : $"{end}"), $"{where}: runs {world.Running()}");
        Assert.False(world.Gateway.IsHeld(new Core.DeploymentId(wanted.Id)));
        Assert.True(LeftBehind(world) is [], $"{where}: left {string.Join(';', LeftBehind(world))}");
        Assert.True(isKill || end is null || callers is null or { Lost.Count: 0 }, $"{where}: {string.Join(';', callers?.Lost ?? [])}");
        if (end is null)
        {
            Assert.Null(world.RouteOf(wanted));
            Assert.False(Directory.Exists(world.StateOf(wanted)));
            Assert.False(Directory.Exists(world.CopiesOf(wanted)));
            return;
        }

        var replica = world.Runtime.Find(ListenerWorld.Real(wanted, end.Value))!;
        Assert.Equal(ReplicaPhase.Ready, replica.Phase);
        Assert.Equal([replica.Endpoint!], world.RouteOf(wanted)!.Endpoints);
        Assert.Equal(replica.Revision, world.RouteOf(wanted)!.Revision);
        Assert.Equal(replica.Revision.Value, world.Control.Find(wanted.Id)!.Active!.Id);
        Assert.Null(world.Control.Find(wanted.Id)!.Next);
        if (callers is null) return;
        List<string> all = ["thread-1", .. callers.Answered];
        Assert.True(all.Except(FakeAgents.Threads(world.StateOf(wanted))).ToList() is [], $"{where}: threads are missing");
        Assert.True(callers.Answered.Count > 50, $"{where}: only {callers.Answered.Count} calls were answered");
    }

    private static string[] LeftBehind(ListenerWorld world) =>
    [
        .. Directory.EnumerateDirectories(world.Root, "*.partial", SearchOption.AllDirectories),
        .. Directory.EnumerateFiles(world.Root, "*.new", SearchOption.AllDirectories),
        .. Directory.Exists(Path.Combine(world.Root, "scratch")) ? Directory.EnumerateDirectories(Path.Combine(world.Root, "scratch")) : [],
    ];

    private sealed record Story
    {
        public required Func<ListenerWorld, WantedDeployment> Begin { get; init; }
        public required Action<ListenerWorld, WantedDeployment> Act { get; init; }

        /// <summary>The revision that runs at the end; null: nothing does.</summary>
        public required int? End { get; init; }
    }
}
