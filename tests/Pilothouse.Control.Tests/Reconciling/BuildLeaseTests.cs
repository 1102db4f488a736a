using Microsoft.Extensions.Time.Testing;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core.Reconciling;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Reconciling;

public sealed class BuildLeaseTests
{
    private static readonly DateTimeOffset s_now = TimeProvider.System.GetUtcNow();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task T41_owner_that_was_paused_past_its_lease_writes_nothing_when_it_wakes(bool isOtherStillBuilding)
    {
        await using var world = await ControlWorld.StartAsync();
        using var numbers = new Numbers(world.Host.Services, RevisionMetrics.MeterName);
        var wake = NewGate();
        var finish = NewGate();
        if (!isOtherStillBuilding) finish.SetResult();
        var slow = Gated("of the paused owner", wake);
        var quick = Gated("of the other", finish);
        var paused = new RevisionDriver(world.Host.Services, slow, new FakeTimeProvider(s_now));
        var other = new RevisionDriver(world.Host.Services, quick, new FakeTimeProvider(s_now.AddMinutes(10)));
        var deployment = await world.DeploymentAsync();
        var revision = await world.QueueAsync(deployment);

        await paused.QueueAsync(deployment);
        var stale = paused.BuildAsync(revision);
        await Eventually.TrueAsync(() => slow.Running == 1);
        var owned = other.BuildAsync(revision);
        if (isOtherStillBuilding) await Eventually.TrueAsync(() => quick.Running == 1);
        else await owned;
        var taken = await world.RevisionRowAsync(revision);
        wake.SetResult();
        await stale;

        var after = await world.RevisionRowAsync(revision);
        Assert.Equal(
            (taken.Status, taken.LeaseOwner, taken.LeaseFence, taken.UpdatedAt, taken.ArtifactDigest),
            (after.Status, after.LeaseOwner, after.LeaseFence, after.UpdatedAt, after.ArtifactDigest));
        finish.TrySetResult();
        await owned;
        var end = await world.RevisionRowAsync(revision);
        Assert.Equal((RevisionStatus.AwaitingDeploy, 2), (end.Status, end.LeaseFence));
        Assert.Equal(FakeBuildEngine.Built("of the other").Artifact.Digest, end.ArtifactDigest);
        Assert.Equal(1, (await world.DeploymentRowAsync(deployment)).Generation);
        var built = Assert.Single(await world.EventsAsync(deployment), one => one.Kind == "build_succeeded");
        Assert.Contains(end.ArtifactDigest!, built.Data, StringComparison.Ordinal);
        Assert.Equal((1, 0), (numbers.Now("pilothouse.lease.losses"), numbers.Now("pilothouse.builds.running")));
    }

    [Fact]
    public async Task Build_held_by_a_living_owner_is_left_alone()
    {
        await using var world = await ControlWorld.StartAsync();
        var gate = NewGate();
        var engine = new FakeBuildEngine();
        engine.Behaviour = async (request, _, _) =>
        {
            await gate.Task;
            return FakeBuildEngine.BuiltOf(request);
        };
        var first = new RevisionDriver(world.Host.Services, engine, new FakeTimeProvider(s_now));
        var second = new RevisionDriver(world.Host.Services, engine, new FakeTimeProvider(s_now.AddSeconds(59)));
        var deployment = await world.DeploymentAsync();
        var revision = await world.QueueAsync(deployment);
        await first.QueueAsync(deployment);
        var build = first.BuildAsync(revision);
        await Eventually.TrueAsync(() => engine.Running == 1);

        var seen = await second.BuildAsync(revision);

        Assert.IsType<Reconciled.Again>(seen);
        Assert.Single(engine.Requests);
        gate.SetResult();
        await build;
        Assert.Equal(RevisionStatus.AwaitingDeploy, await world.StatusAsync(revision));
    }

    [Fact]
    public async Task Lease_is_renewed_while_the_build_runs()
    {
        await using var world = await ControlWorld.StartAsync();
        var gate = NewGate();
        var engine = new FakeBuildEngine();
        engine.Behaviour = async (request, _, _) =>
        {
            await gate.Task;
            return FakeBuildEngine.BuiltOf(request);
        };
        var clock = new FakeTimeProvider(s_now);
        var driver = new RevisionDriver(world.Host.Services, engine, clock);
        var deployment = await world.DeploymentAsync();
        var revision = await world.QueueAsync(deployment);
        await driver.QueueAsync(deployment);
        var build = driver.BuildAsync(revision);
        await Eventually.TrueAsync(() => engine.Running == 1);
        var before = (await world.RevisionRowAsync(revision)).LeaseUntil;

        await Eventually.ReadAsync(
            async () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return (await world.RevisionRowAsync(revision)).LeaseUntil;
            },
            until => until > before);

        gate.SetResult();
        await build;
        Assert.Equal(RevisionStatus.AwaitingDeploy, await world.StatusAsync(revision));
    }

    [Fact]
    public async Task Control_plane_started_again_takes_over_at_once_and_finishes()
    {
        var directory = Directory.CreateTempSubdirectory("pilothouse-restart-").FullName;
        try
        {
            var dead = new FakeBuildEngine
            {
                Behaviour = async (_, _, _) =>
                {
                    await new TaskCompletionSource().Task;
                    return FakeBuildEngine.Built("never");
                },
            };
            Guid revision;
            await using (var world = await ControlWorld.StartAsync(directory: directory))
            {
                var deployment = await world.DeploymentAsync();
                revision = await world.QueueAsync(deployment);
                var driver = new RevisionDriver(world.Host.Services, dead);
                await driver.QueueAsync(deployment);
                _ = driver.BuildAsync(revision);
                await Eventually.TrueAsync(() => dead.Running == 1);
                Assert.True((await world.RevisionRowAsync(revision)).LeaseUntil > TimeProvider.System.GetUtcNow().AddSeconds(30));
            }

            await using var next = await ControlWorld.StartAsync(new FakeBuildEngine(), directory: directory);
            var row = await next.UntilAsync(revision, RevisionStatus.AwaitingDeploy);

            Assert.Equal(2, row.LeaseFence);
            Assert.Contains("cut off", Assert.Single(await next.LogsAsync(revision, isBuild: true)).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Build_is_given_back_when_the_control_plane_stops()
    {
        var directory = Directory.CreateTempSubdirectory("pilothouse-stop-").FullName;
        try
        {
            var engine = new FakeBuildEngine
            {
                Behaviour = async (_, _, cancellationToken) =>
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                    return FakeBuildEngine.Built("never");
                },
            };
            Guid revision;
            await using (var world = await ControlWorld.StartAsync(engine, directory: directory))
            {
                revision = await world.QueueAsync(await world.DeploymentAsync());
                await Eventually.TrueAsync(() => engine.Running == 1);
            }

            await using var next = await ControlWorld.StartAsync(directory: directory);

            Assert.Equal(0, engine.Running);
            Assert.Equal(RevisionStatus.AwaitingBuild, await next.StatusAsync(revision));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static TaskCompletionSource NewGate() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Builds once the gate is open, whatever is cancelled meanwhile.</summary>
    private static FakeBuildEngine Gated(string content, TaskCompletionSource gate) => new()
    {
        Behaviour = async (_, log, _) =>
        {
            log.Write("INFO", "begun");
            await gate.Task;
            return FakeBuildEngine.Built(content);
        },
    };
}
