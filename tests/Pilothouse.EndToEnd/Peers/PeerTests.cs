using System.Net;
using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.Peers;

/// <summary>None of several control planes is special.</summary>
public sealed class PeerTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_serves_the_api_and_the_agents_and_the_death_of_the_one_that_runs_them_is_made_good(bool isInBucket)
    {
        await using var set = await ReplicaSet.StartAsync(2, isInBucket ? "pilothouse_bucket" : "pilothouse_peers", TimeSpan.FromSeconds(3), isInBucket);
        var (first, second) = (new ControlPlane(set.Servers[0], ReplicaSet.BootstrapKey), new ControlPlane(set.Servers[1], ReplicaSet.BootstrapKey));

        // Made and uploaded here, read there; whoever runs agents was first to start.
        var id = (await second.CreateAsync("shared")).GetProperty("id").GetString()!;
        await first.UntilAsync(id, await second.DeployAsync(id, Tarball.OfFolder(Repository.Sample("echo-js"))));
        var path = new Uri((await first.SendAsync(HttpMethod.Get, $"/v2/deployments/{id}")).GetProperty("source_config").GetProperty("custom_url").GetString()!).AbsolutePath;
        foreach (var server in set.Servers)
        {
            var agent = new Agent($"{server.Address.AbsoluteUri.TrimEnd('/')}{path}", ReplicaSet.BootstrapKey);
            Assert.Equal("echo: hello", await agent.AskAsync("hello"));
        }

        await set.Servers[0].KillAsync();

        var survivor = new Agent($"{set.Servers[1].Address.AbsoluteUri.TrimEnd('/')}{path}", ReplicaSet.BootstrapKey);
        await Eventually.ReadAsync(async () => (await survivor.Http.GetAsync(new Uri("ok", UriKind.Relative), Repository.Cancel)).StatusCode, status => status == HttpStatusCode.OK);
        Assert.Equal("echo: again", await survivor.AskAsync("again"));

        await set.Servers[0].StartAgainAsync();
        var returned = new Agent($"{set.Servers[0].Address.AbsoluteUri.TrimEnd('/')}{path}", ReplicaSet.BootstrapKey);
        Assert.Equal("echo: back", await returned.AskAsync("back"));
        Assert.Empty(Processes.OfReplicas(set.Servers[0].DataDirectory));
    }

    [Fact]
    public async Task T41_one_that_wakes_after_its_lease_runs_no_agents_and_ends()
    {
        await using var set = await ReplicaSet.StartAsync(2, "pilothouse_paused", TimeSpan.FromSeconds(2));
        var second = new ControlPlane(set.Servers[1], ReplicaSet.BootstrapKey);
        var id = (await second.CreateAsync("paused")).GetProperty("id").GetString()!;
        await second.UntilAsync(id, await second.DeployAsync(id, Tarball.OfFolder(Repository.Sample("echo-js"))));

        set.Servers[0].Pause();
        await Eventually.ReadAsync(() => Processes.OfReplicas(set.Servers[1].DataDirectory).Count, count => count > 0);
        set.Servers[0].Resume();

        Assert.Equal(3, await set.Servers[0].ExitAsync());
        Assert.Empty(Processes.OfReplicas(set.Servers[0].DataDirectory));
        Assert.Contains("Another control plane runs the agents", set.Servers[0].Output, StringComparison.Ordinal);
        var url = (await second.SendAsync(HttpMethod.Get, $"/v2/deployments/{id}")).GetProperty("source_config").GetProperty("custom_url").GetString()!;
        var agent = new Agent($"{set.Servers[1].Address.AbsoluteUri.TrimEnd('/')}{new Uri(url).AbsolutePath}", ReplicaSet.BootstrapKey);
        Assert.Equal("echo: hello", await agent.AskAsync("hello"));
    }
}
