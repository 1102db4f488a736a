using System.Collections.Concurrent;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Reconciling;

/// <summary>Whose turn it is to be built.</summary>
public sealed class BuildTurnsTests
{
    [Fact]
    public async Task One_workspace_with_many_builds_leaves_the_others_their_turn()
    {
        var builds = new GatedBuilds();
        await using var world = await ControlWorld.StartAsync(builds.Engine, new() { ["Reconciling:ConcurrentBuilds"] = "2" });
        var greedy = (await world.Host.WorkspaceAsync()).Value;
        for (var number = 0; number < 10; number++) await world.QueueAsync(await world.DeploymentAsync());
        await Eventually.TrueAsync(() => builds.Engine.Running == 2);

        var modest = (await Api.InNewWorkspaceAsync(world.Host)).Workspace.Value;
        var deployment = await world.DeploymentAsync(workspace: modest);
        var revision = await world.QueueAsync(deployment);
        await Eventually.ReadAsync(async () => await world.StatusAsync(revision), status => status == RevisionStatus.AwaitingBuild);
        builds.EndOne();

        await Eventually.TrueAsync(() => builds.Begun.Count == 3);
        Assert.Equal([greedy, greedy, modest], builds.Begun);
        builds.EndAll();
        await world.UntilAsync(revision, RevisionStatus.AwaitingDeploy);
        await Eventually.TrueAsync(() => builds.Begun.Count == 11);
    }

    [Fact]
    public async Task Workspace_has_as_many_builds_as_it_may_and_the_others_the_other_builders()
    {
        var builds = new GatedBuilds();
        await using var world = await ControlWorld.StartAsync(
            builds.Engine, new() { ["Reconciling:ConcurrentBuilds"] = "4", ["Reconciling:ConcurrentBuildsPerWorkspace"] = "2" });
        var greedy = (await world.Host.WorkspaceAsync()).Value;
        for (var number = 0; number < 5; number++) await world.QueueAsync(await world.DeploymentAsync());
        await Eventually.TrueAsync(() => builds.Engine.Running == 2);

        var modest = (await Api.InNewWorkspaceAsync(world.Host)).Workspace.Value;
        await world.QueueAsync(await world.DeploymentAsync(workspace: modest));
        await Eventually.TrueAsync(() => builds.Begun.Count == 3);

        Assert.Equal([greedy, greedy, modest], builds.Begun);
        builds.EndAll();
        await Eventually.TrueAsync(() => builds.Begun.Count == 6);
        Assert.InRange(builds.MostAtOnce(greedy), 1, 2);
    }

    [Fact]
    public async Task Two_control_planes_keep_to_the_limit_of_a_workspace_together()
    {
        await using var world = await ControlWorld.StartAsync(settings: new() { ["Reconciling:ConcurrentBuildsPerWorkspace"] = "1" });
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var engine = new FakeBuildEngine();
        engine.Behaviour = async (request, _, _) =>
        {
            await gate.Task;
            return FakeBuildEngine.BuiltOf(request);
        };
        var (one, other) = (new RevisionDriver(world.Host.Services, engine), new RevisionDriver(world.Host.Services, engine));
        var revisions = new List<Guid>();
        for (var number = 0; number < 2; number++)
        {
            var deployment = await world.DeploymentAsync();
            revisions.Add(await world.QueueAsync(deployment));
            await one.QueueAsync(deployment);
        }

        var building = one.BuildAsync(revisions[0]);
        await world.UntilAsync(revisions[0], RevisionStatus.Building);
        var refused = await other.BuildAsync(revisions[1]);

        Assert.IsType<Core.Reconciling.Reconciled.Again>(refused);
        Assert.Equal(RevisionStatus.AwaitingBuild, await world.StatusAsync(revisions[1]));
        gate.SetResult();
        await building;
        await other.BuildAsync(revisions[1]);
        Assert.Equal(RevisionStatus.AwaitingDeploy, await world.StatusAsync(revisions[1]));
    }

    /// <summary>Builds that go on until they are told to end.</summary>
    private sealed class GatedBuilds
    {
        private readonly SemaphoreSlim _mayEnd = new(0);
        private readonly ConcurrentQueue<Guid> _begun = new();
        private readonly ConcurrentDictionary<Guid, (int Now, int Most)> _atOnce = new();

        public GatedBuilds() => Engine.Behaviour = async (request, _, cancellationToken) =>
        {
            var workspace = request.Workspace.Value;
            _begun.Enqueue(workspace);
            _atOnce.AddOrUpdate(workspace, (1, 1), (_, seen) => (seen.Now + 1, Math.Max(seen.Most, seen.Now + 1)));
            await _mayEnd.WaitAsync(cancellationToken);
            _atOnce.AddOrUpdate(workspace, (0, 0), (_, seen) => (seen.Now - 1, seen.Most));
            return FakeBuildEngine.BuiltOf(request);
        };

        public FakeBuildEngine Engine { get; } = new();

        /// <summary>Workspaces, in the order of their builds.</summary>
        public IReadOnlyList<Guid> Begun => [.. _begun];

        public int MostAtOnce(Guid workspace) => _atOnce[workspace].Most;

        public void EndOne() => _mayEnd.Release();

        public void EndAll() => _mayEnd.Release(1000);
    }
}
