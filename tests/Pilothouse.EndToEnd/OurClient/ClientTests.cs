using System.Net;
using Pilothouse.Client;
using Pilothouse.Contracts.Deployments;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.OurClient;

[Collection(SharedServer.Name)]
public sealed class ClientTests(ServerFixture fixture)
{
    [Fact]
    public async Task Deployment_is_made_changed_followed_and_deleted_without_a_poll()
    {
        using var client = new PilothouseClient(new ClientOptions { Address = fixture.Server.Address, ApiKey = fixture.Server.Key });
        var wanted = new DeploymentCreate
        {
            Name = ServerFixture.Name("typed"),
            Source = Sources.ExternalDocker,
            SourceConfig = new SourceConfig(),
            SourceRevisionConfig = new SourceRevisionConfig { ImageUri = "registry.corp/team/agent:1" },
            Secrets = [],
        };
        var options = new ChangeOptions { IdempotencyKey = wanted.Name, Wait = TimeSpan.FromSeconds(60) };

        var made = await client.CreateDeploymentAsync(wanted, options, Repository.Cancel);
        var again = await client.CreateDeploymentAsync(wanted, options, Repository.Cancel);
        var id = made.Value.Id;
        var first = await client.GetRevisionAsync(id, made.Value.LatestRevisionId!.Value, Repository.Cancel);
        var second = await client.CreateRevisionAsync(id, options: new ChangeOptions { IfMatch = made.Tag }, cancellationToken: Repository.Cancel);
        var stale = await Assert.ThrowsAsync<ApiException>(
            () => client.DeleteDeploymentAsync(id, new ChangeOptions { IfMatch = made.Tag }, Repository.Cancel));
        var ended = await client.WaitForRevisionAsync(id, second.Value.Id, Repository.Cancel);
        var told = new List<string?>();
        await foreach (var happened in client.FollowEventsAsync(id, cancellationToken: Repository.Cancel))
        {
            told.Add(happened.Status);
            if (told.Count == 6) await client.DeleteDeploymentAsync(id, Repository.Cancel);
        }

        // Nothing here runs images, so that they end soon.
        Assert.Equal(("DEPLOY_FAILED", "DEPLOY_FAILED"), (first.Status, ended.Status));
        Assert.Equal((true, true, false), (made.HasWaited, again.IsReplayed, made.IsReplayed));
        Assert.Equal((made.Value.Id, made.Tag), (again.Value.Id, again.Tag));
        Assert.Equal(HttpStatusCode.PreconditionFailed, stale.Status);
        Assert.Equal(["QUEUED", "AWAITING_DEPLOY", "DEPLOY_FAILED", "QUEUED", "AWAITING_DEPLOY", "DEPLOY_FAILED"], told.Take(6));
    }
}
