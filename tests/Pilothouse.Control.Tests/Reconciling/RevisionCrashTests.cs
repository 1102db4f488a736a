using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Reconciling;

/// <summary>The store, the engine or the whole control plane fails at every call in turn; the world ends the same.</summary>
public sealed class RevisionCrashTests
{
    private readonly StoreFaults _faults = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Store_that_fails_at_any_call_once_or_twice_changes_nothing_in_the_end(int times)
    {
        await using var world = await StartAsync();
        var engine = new FakeBuildEngine();
        var driver = new RevisionDriver(world.Host.Services, engine);

        var calls = await CallsAsync(world, driver);
        for (var at = 1; at <= calls; at++)
        {
            var begin = at;
            await AssertEndsTheSameAsync(world, () => driver, number => number >= begin && number < begin + times);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{calls} points, each failing {times} times");
        Assert.InRange(calls, 20, 200);
    }

    [Fact]
    public async Task Control_plane_killed_at_any_call_is_finished_by_the_next_one()
    {
        await using var world = await StartAsync();
        var engine = new FakeBuildEngine();
        var calls = await CallsAsync(world, new RevisionDriver(world.Host.Services, engine));

        for (var at = 1; at <= calls; at++)
        {
            var begin = at;
            var driver = new RevisionDriver(world.Host.Services, engine);
            await AssertEndsTheSameAsync(world, () => driver, number => number >= begin, killed: async () =>
            {
                // The next process on the same directory: nobody waits for the lease of the dead one.
                driver = new RevisionDriver(world.Host.Services, engine);
                await driver.Leases.ReleaseOfTheDeadAsync(ControlHost.Cancel);
            });
        }
    }

    [Fact]
    public async Task Engine_that_fails_before_or_after_its_work_once_and_twice_changes_nothing_in_the_end()
    {
        await using var world = await StartAsync();
        foreach (var times in new[] { 1, 2 })
        {
            foreach (var isAfterTheWork in new[] { false, true })
            {
                var engine = new FakeBuildEngine();
                engine.Behaviour = async (request, log, _) =>
                {
                    await Task.Yield();
                    if (isAfterTheWork) log.Write("INFO", "built");
                    return engine.Requests.Count <= times
                        ? throw new IOException("Injected.")
                        : (BuildOutcome)FakeBuildEngine.BuiltOf(request);
                };
                var driver = new RevisionDriver(world.Host.Services, engine);
                await AssertEndsTheSameAsync(world, () => driver, _ => false);
            }
        }
    }

    private Task<ControlWorld> StartAsync() => ControlWorld.StartAsync(services: services =>
        services.InterceptStore(_faults, _faults.Commits));

    /// <summary>How many calls of the store an undisturbed run makes.</summary>
    private async Task<int> CallsAsync(ControlWorld world, RevisionDriver driver)
    {
        var deployment = await QueueTwoAsync(world);
        _faults.Arm(_ => false);
        await driver.PassAsync(deployment);
        _faults.Disarm();
        return _faults.Count;
    }

    private async Task AssertEndsTheSameAsync(
        ControlWorld world, Func<RevisionDriver> driver, Func<int, bool> fails, Func<Task>? killed = null)
    {
        var deployment = await QueueTwoAsync(world);
        _faults.Arm(fails);
        for (var pass = 0; pass < 12; pass++)
        {
            try
            {
                await driver().PassAsync(deployment);
            }
            catch (Exception failure) when (failure is DbException or DbUpdateException or IOException)
            {
                if (killed is null) continue;
                _faults.Disarm();
                await killed();
            }
        }

        _faults.Disarm();
        var revisions = await world.RevisionsAsync(deployment);
        Assert.Equal([RevisionStatus.Skipped, RevisionStatus.AwaitingDeploy], revisions.Select(row => row.Status));
        Assert.All(revisions, row => Assert.Null(row.LeaseOwner));
        Assert.NotNull(revisions[1].LaunchSpec);
        Assert.Equal(1, (await world.DeploymentRowAsync(deployment)).Generation);
        var told = (await world.EventsAsync(deployment)).Select(one => one.Kind).Where(kind => kind != "build_restarted").Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(["build_started", "build_succeeded", "ready_to_build", "skipped"], told);
        Assert.Equal(revisions[1].Id, (await world.WantedAsync(deployment))!.Next!.Id);
    }

    private static async Task<Guid> QueueTwoAsync(ControlWorld world)
    {
        var deployment = await world.DeploymentAsync();
        await world.QueueAsync(deployment);
        await world.QueueAsync(deployment);
        return deployment;
    }
}
