using System.Net;
using Pilothouse.Control.Access;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Revisions;

public sealed class InterruptTests
{
    [Fact]
    public async Task Interrupted_deploy_is_wanted_no_more_and_late_news_of_it_change_nothing()
    {
        await using var world = await ControlWorld.StartAsync(new FakeBuildEngine());
        var deployment = await world.DeploymentAsync();
        var revision = await world.QueueAsync(deployment);
        await world.UntilAsync(revision, RevisionStatus.AwaitingDeploy);
        await world.ReportAsync(deployment, revision, "deploying");

        var status = await PostAsync(world, deployment, revision);
        await world.ReportAsync(deployment, revision, "deployed");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(RevisionStatus.Interrupted, await world.StatusAsync(revision));
        Assert.Null((await world.WantedAsync(deployment))!.Next);
        Assert.Null((await world.DeploymentRowAsync(deployment)).ActiveRevisionId);
    }

    [Theory]
    [InlineData(RevisionStatus.Creating, HttpStatusCode.OK)]
    [InlineData(RevisionStatus.Queued, HttpStatusCode.OK)]
    [InlineData(RevisionStatus.AwaitingBuild, HttpStatusCode.OK)]
    [InlineData(RevisionStatus.Building, HttpStatusCode.OK)]
    [InlineData(RevisionStatus.AwaitingDeploy, HttpStatusCode.OK)]
    [InlineData(RevisionStatus.Deploying, HttpStatusCode.OK)]
    [InlineData(RevisionStatus.Deployed, HttpStatusCode.Conflict)]
    [InlineData(RevisionStatus.CreateFailed, HttpStatusCode.Conflict)]
    [InlineData(RevisionStatus.BuildFailed, HttpStatusCode.Conflict)]
    [InlineData(RevisionStatus.DeployFailed, HttpStatusCode.Conflict)]
    [InlineData(RevisionStatus.Skipped, HttpStatusCode.Conflict)]
    [InlineData(RevisionStatus.Interrupted, HttpStatusCode.Conflict)]
    public async Task Only_what_has_not_ended_can_be_interrupted(RevisionStatus status, HttpStatusCode expected)
    {
        await using var world = await ControlWorld.StartAsync();
        var deployment = await world.DeploymentAsync();
        var revision = await world.AddRevisionAsync(deployment, row => row.Status = status);

        Assert.Equal(expected, await PostAsync(world, deployment, revision));
        Assert.Equal(expected == HttpStatusCode.OK ? RevisionStatus.Interrupted : status, await world.StatusAsync(revision));
    }

    [Fact]
    public async Task Revisions_of_others_are_404_and_viewers_may_not()
    {
        await using var world = await ControlWorld.StartAsync();
        var deployment = await world.DeploymentAsync();
        var revision = await world.AddRevisionAsync(deployment);
        var sibling = await world.DeploymentAsync();
        var viewer = await world.Host.AddKeyAsync((await world.Host.WorkspaceAsync()).Value, Roles.Viewer);

        Assert.Equal(HttpStatusCode.NotFound, await PostAsync(world, sibling, revision));
        Assert.Equal(HttpStatusCode.NotFound, await PostAsync(world, deployment, Guid.NewGuid()));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(world, deployment, revision, viewer));
        Assert.Equal(RevisionStatus.Queued, await world.StatusAsync(revision));
    }

    private static async Task<HttpStatusCode> PostAsync(ControlWorld world, Guid deployment, Guid revision, string? key = null)
    {
        using var client = key is null ? world.Host.Client() : world.Host.Client(key);
        using var answer = await client.PostAsync($"/v2/deployments/{deployment}/revisions/{revision}/interrupt", content: null, ControlHost.Cancel);
        return answer.StatusCode;
    }
}
