using System.Text.Json;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core.Revisions;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Tests.World;
using Pilothouse.Testing.Runtimes;
using Xunit;

namespace Pilothouse.Listener.Tests;

/// <summary>Deployments beside a poisoned one come up and are switched exactly as fast as without it (T31).</summary>
public sealed class PoisonedNeighbourTests
{
    private const int Neighbours = 20;
    private static readonly Lazy<IReadOnlyList<TimeSpan>> s_alone = new(() => Times(poison: null));

    public static TheoryData<string> Poisons => new(Poisonings().Keys);

    [Theory]
    [MemberData(nameof(Poisons))]
    public void Others_take_as_long_as_without_it(string poison)
    {
        var beside = Times(Poisonings()[poison]);

        Assert.Equal(2 * Neighbours, s_alone.Value.Count);
        Assert.All(s_alone.Value, time => Assert.InRange(time, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)));
        Assert.Equal(s_alone.Value, beside);
    }

    private static Dictionary<string, Action<ListenerWorld>> Poisonings() => new(StringComparer.Ordinal)
    {
        ["a launch spec that cannot be read"] = world => Poison(world, first => first with { LaunchSpec = JsonDocument.Parse("{}").RootElement }),
        ["an artifact that is not there"] = world => Poison(world, first => first with { ArtifactDigest = "not-there" }),
        ["10 MB of environment"] = world => Poison(world, first => first with
        {
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["HUGE"] = new('x', 10 * 1024 * 1024) },
        }),
        ["a crash loop"] = world => Behave(world, Poison(world), FakeBehaviour.Exits),
        ["a server that is never ready"] = world => Behave(world, Poison(world), FakeBehaviour.Starting),
        ["a start that is refused"] = world =>
        {
            var poisoned = Poison(world);
            world.BeforeStart = spec =>
            {
                if (spec.Deployment.Value == poisoned.Id) throw new RuntimeUnavailableException("No room for it.");
            };
        },
        ["a start that breaks the runtime"] = world =>
        {
            var poisoned = Poison(world);
            world.BeforeStart = spec =>
            {
                if (spec.Deployment.Value == poisoned.Id) throw new InvalidOperationException("Nobody thought of this.");
            };
        },
        ["a start that takes ten minutes"] = world =>
        {
            var poisoned = Poison(world);
            var others = world.StartTakes;
            world.StartTakes = spec => spec.Deployment.Value == poisoned.Id ? TimeSpan.FromMinutes(10) : others(spec);
        },
        ["a flood of giant log lines"] = world =>
        {
            var poisoned = Poison(world);
            var line = new string('x', 256 * 1024);
            world.Simulation.Time.CreateTimer(
                _ =>
                {
                    for (var count = 0; count < 20; count++) world.Runtime.Log(ListenerWorld.Real(poisoned, 1), "INFO", line);
                },
                state: null, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100));
        },
    };

    /// <summary>How long each neighbour takes to serve its first revision, and then to be switched to its second.</summary>
    private static IReadOnlyList<TimeSpan> Times(Action<ListenerWorld>? poison)
    {
        // Starts take a second, so that waiting for each other would show.
        using var world = new ListenerWorld { StartTakes = _ => TimeSpan.FromSeconds(1) };
        poison?.Invoke(world);
        var neighbours = Enumerable.Range(0, Neighbours).Select(_ => world.Deploy()).ToList();
        world.Start();

        var first = TimesTo(world, neighbours.Select(one => one.Next!));
        var second = TimesTo(world, neighbours.Select(one => world.Next(world.Control.Find(one.Id)!, 2)));
        return [.. first, .. second];
    }

    private static IEnumerable<TimeSpan> TimesTo(ListenerWorld world, IEnumerable<WantedRevision> revisions)
    {
        var began = world.Simulation.Time.GetTimestamp();
        var times = revisions.ToDictionary(revision => revision, _ => (TimeSpan?)null);
        world.Until(
            () =>
            {
                foreach (var revision in times.Keys.Where(one => times[one] is null && world.Control.Status(one.Id) == RevisionStatus.Deployed).ToList())
                    times[revision] = world.Simulation.Time.GetElapsedTime(began);
                return times.Values.All(time => time is not null);
            },
            "all neighbours serve",
            TimeSpan.FromMinutes(5));
        return times.Values.Select(time => time!.Value);
    }

    private static WantedDeployment Poison(ListenerWorld world, Func<WantedRevision, WantedRevision>? change = null)
    {
        var first = world.Revision(1);
        return world.Deploy(change?.Invoke(first) ?? first);
    }

    private static void Behave(ListenerWorld world, WantedDeployment poisoned, FakeBehaviour behaviour) =>
        world.Behaviour = spec => spec.Deployment.Value == poisoned.Id ? behaviour : FakeBehaviour.Ready;
}
