using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.Crashes;

/// <summary>What ran before the program ended, well or not, runs again.</summary>
public sealed class RestartTests
{
    [Fact]
    public async Task What_should_run_runs_again_after_a_stop_and_after_a_kill_and_threads_are_there()
    {
        await using var server = await RunningServer.StartAsync();
        var control = new ControlPlane(server);
        foreach (var sample in (string[])["echo-js", "echo-py"])
        {
            var id = (await control.CreateAsync(sample)).GetProperty("id").GetString()!;
            await control.UntilAsync(id, await control.DeployAsync(id, Tarball.OfFolder(Repository.Sample(sample))));
            var agent = await control.AgentAsync(id);
            var thread = await agent.NewThreadAsync();
            await agent.AskAsync("before the stop", thread);

            Assert.Equal(0, await server.StopAsync());
            Assert.Empty(Processes.OfReplicas(server.DataDirectory));
            await server.StartAgainAsync();
            await Eventually.ReadAsync(() => AnswersAsync(agent), answers => answers);
            Assert.Equal(["before the stop", "echo: before the stop"], await agent.MessagesAsync(thread));

            await server.KillAsync();
            await server.StartAgainAsync();
            await Eventually.ReadAsync(() => AnswersAsync(agent), answers => answers);
            Assert.Equal(["before the stop", "echo: before the stop"], await agent.MessagesAsync(thread));
        }
    }

    private static async Task<bool> AnswersAsync(Agent agent)
    {
        using var answer = await agent.Http.GetAsync(new Uri("ok", UriKind.Relative), Repository.Cancel);
        return answer.IsSuccessStatusCode;
    }
}
