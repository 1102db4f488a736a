using Pilothouse.EndToEnd.World;
using Pilothouse.Testing.Postgres;
using Xunit;

namespace Pilothouse.EndToEnd.Serving;

/// <summary>The main job with the store on PostgreSQL.</summary>
public sealed class PostgresTests
{
    [Fact]
    public async Task Agent_is_deployed_and_answers_and_a_kill_loses_nothing()
    {
        var postgres = await PostgresServer.OneAsync();
        await postgres.CreateDatabaseAsync("pilothouse_e2e");
        await using var server = await RunningServer.StartAsync(new() { ["Storage:Database"] = postgres.ConnectionString("pilothouse_e2e") });
        var control = new ControlPlane(server);
        var id = (await control.CreateAsync("echo-pg")).GetProperty("id").GetString()!;
        await control.UntilAsync(id, await control.DeployAsync(id, Tarball.OfFolder(Repository.Sample("echo-js"))));
        var agent = await control.AgentAsync(id);
        Assert.Equal("echo: hello", await agent.AskAsync("hello"));

        await server.KillAsync();
        await server.StartAgainAsync();

        Assert.Equal("echo: again", await agent.AskAsync("again"));
        Assert.False(File.Exists(Path.Combine(server.DataDirectory, "pilothouse.db")));
        Assert.Equal(0, await server.StopAsync());
    }
}
