using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd;

/// <summary>The main job.</summary>
public sealed class FirstAnswerTests
{
    [Fact]
    public async Task TypeScript_agent_is_built_deployed_and_answers_at_its_url()
    {
        await using var server = await RunningServer.StartAsync();
        var control = new ControlPlane(server);
        var deployment = (await control.CreateAsync("echo-js")).GetProperty("id").GetString()!;

        var revision = await control.DeployAsync(deployment, Tarball.OfFolder(Repository.Sample("echo-js")));
        await control.UntilAsync(deployment, revision);

        var agent = await control.AgentAsync(deployment);
        Assert.Equal("echo: hello", await agent.AskAsync("hello"));
        Assert.Equal(0, await server.StopAsync());
    }
}
