using System.Net;
using System.Text.Json;
using Pilothouse.Contracts;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Events;

public sealed class EventEndpointTests
{
    [Fact]
    public async Task Events_are_read_in_pages_of_a_deployment_or_of_one_revision()
    {
        await using var world = await ControlWorld.StartAsync(new FakeBuildEngine());
        var deployment = await world.DeploymentAsync();
        var first = await world.QueueAsync(deployment);
        await world.UntilAsync(first, RevisionStatus.AwaitingDeploy);
        await world.ReportAsync(deployment, first, "failed");
        var second = await world.QueueAsync(deployment);
        await world.UntilAsync(second, RevisionStatus.AwaitingDeploy);

        var all = await GetAsync(world, $"/v2/deployments/{deployment}/events");
        var page = await GetAsync(world, $"/v2/deployments/{deployment}/events?limit=2&after={all[1].Id}");
        var own = await GetAsync(world, $"/v2/deployments/{deployment}/revisions/{second}/events");

        Assert.Equal(
            ["ready_to_build", "build_started", "build_succeeded", "deploy_failed", "ready_to_build", "build_started", "build_succeeded"],
            all.Select(one => one.Kind));
        Assert.Equal(all.Skip(2).Take(2).Select(one => one.Id), page.Select(one => one.Id));
        Assert.Equal(all.Skip(4).Select(one => one.Id), own.Select(one => one.Id));
        Assert.Equal("fake-server 1.0", all[2].Data!.Value.GetProperty("server_version").GetString());
    }

    [Fact]
    public async Task Events_of_others_are_404_and_malformed_wishes_422()
    {
        await using var world = await ControlWorld.StartAsync();
        var deployment = await world.DeploymentAsync();
        var foreign = await world.DeploymentAsync(workspace: Guid.NewGuid());

        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(world, $"/v2/deployments/{foreign}/events"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(world, $"/v2/deployments/{deployment}/revisions/{Guid.NewGuid()}/events"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await StatusAsync(world, $"/v2/deployments/{deployment}/events?limit=0"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await StatusAsync(world, $"/v2/deployments/{deployment}/events?after=x"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(world, $"/v2/deployments/{deployment}/events"));
    }

    private static async Task<IReadOnlyList<Contracts.Deployments.RevisionEvent>> GetAsync(ControlWorld world, string path)
    {
        using var client = world.Host.Client();
        return JsonSerializer.Deserialize(await client.GetStringAsync(path, ControlHost.Cancel), ApiJson.Default.RevisionEventsList)!.Resources;
    }

    private static async Task<HttpStatusCode> StatusAsync(ControlWorld world, string path)
    {
        using var client = world.Host.Client();
        using var answer = await client.GetAsync(path, ControlHost.Cancel);
        return answer.StatusCode;
    }
}
