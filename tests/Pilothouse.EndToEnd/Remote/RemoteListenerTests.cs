using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.Remote;

/// <summary>Agents run on a second host, which opens nothing towards the control plane (docs/listener-protocol.md).</summary>
public sealed class RemoteListenerTests
{
    [Fact]
    public async Task Deploys_logs_switches_under_load_and_deletes_on_a_host_that_only_calls_out()
    {
        var host = await SecondHost.CreateAsync();
        await using var server = await RunningServer.StartAsync(second: host);
        var control = new ControlPlane(server);
        var id = (await control.CreateAsync("far-away")).GetProperty("id").GetString()!;

        var first = await DeployAsync(control, id, "// one\n");
        var agent = await control.AgentAsync(id);
        using var done = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 2).Select(_ => AskAsync(agent, done.Token)).ToArray();
        var second = await DeployAsync(control, id, "// two\n");
        await done.CancelAsync();

        Assert.Equal(host.Callers, agent.Url.Host);
        Assert.Equal("echo: hello", await agent.AskAsync("hello"));
        Assert.Contains("The server is ready", await control.LogAsync(id, second, "deploy"), StringComparison.Ordinal);
        foreach (var answers in await Task.WhenAll(callers))
        {
            Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
            Assert.Equal([first, second], answers.Select(answer => answer.Revision).Distinct());
        }

        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(host.Closed, server.Listener!.Gateway.Port));
        Assert.Empty(Processes.OfReplicas(server.DataDirectory));

        await control.SendAsync(HttpMethod.Delete, $"/v2/deployments/{id}");
        await Eventually.ReadAsync(() => Processes.OfReplicas(server.AgentsDirectory).Count, count => count == 0);
        await Eventually.ReadAsync(async () => (await control.Http.GetAsync(new Uri($"/v2/deployments/{id}", UriKind.Relative), Repository.Cancel)).StatusCode, status => status == HttpStatusCode.NotFound);
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(server.AgentsDirectory, "state")));
    }

    [Fact]
    public async Task Without_the_control_plane_agents_answer_and_start_again_and_what_was_wanted_meanwhile_happens_then()
    {
        var host = await SecondHost.CreateAsync();
        await using var server = await RunningServer.StartAsync(second: host);
        var (control, listener) = (new ControlPlane(server), server.Listener!);
        var id = (await control.CreateAsync("cut-off")).GetProperty("id").GetString()!;
        await DeployAsync(control, id, "// one\n");
        var agent = await control.AgentAsync(id);
        Assert.Equal("echo: before", await agent.AskAsync("before"));

        await host.PlugAsync(isIn: false);
        var wanted = await control.RedeployAsync(id);
        Assert.Equal("echo: during", await agent.AskAsync("during"));
        var replica = Processes.OfReplicas(listener.DataDirectory);
        foreach (var process in replica) Process.GetProcessById(process).Kill();
        await Eventually.ReadAsync(() => Processes.OfReplicas(listener.DataDirectory), now => now.Count > 0 && !now.Intersect(replica).Any());
        var thread = await agent.NewThreadAsync();
        Assert.Equal("echo: crashed", await agent.AskAsync("crashed", thread));

        await listener.StopAsync();
        await listener.StartAgainAsync();
        Assert.Equal("echo: again", await agent.AskAsync("again", thread));

        await host.PlugAsync(isIn: true);
        await control.UntilAsync(id, wanted);
        Assert.Equal("echo: after", await agent.AskAsync("after", thread));
        Assert.Equal(
            ["crashed", "echo: crashed", "again", "echo: again", "after", "echo: after"], await agent.MessagesAsync(thread));
        var log = await control.SendAsync(HttpMethod.Post, $"/v1/projects/{id}/deploy_logs", new { order = "asc", limit = 1000 });
        Assert.InRange(log.GetProperty("logs").EnumerateArray().Count(line => line.GetProperty("message").GetString()!.StartsWith("The server is ready", StringComparison.Ordinal)), 3, 10);
    }

    [Fact]
    public async Task Of_two_instances_one_leads_and_the_other_takes_over_when_it_dies()
    {
        await using var server = await RunningServer.StartAsync();
        var control = new ControlPlane(server);
        var (address, key) = (server.Address.AbsoluteUri.TrimEnd('/'), server.Key);
        await using var first = await RunningListener.StartAsync(address, key, computeId: "pair");
        await using var second = await RunningListener.StartAsync(address, key, computeId: "pair", isStandby: true);
        var id = (await control.CreateAsync("pair", listener: first.Id)).GetProperty("id").GetString()!;
        await DeployAsync(control, id, "// one\n");
        Assert.Equal("echo: hello", await (await control.AgentAsync(id)).AskAsync("hello"));
        Assert.Empty(Processes.OfReplicas(second.DataDirectory));

        await first.KillAsync();
        var began = Stopwatch.GetTimestamp();
        await second.UntilAsync("/readyz", TimeSpan.FromSeconds(60));
        TestContext.Current.TestOutputHelper?.WriteLine($"The second leads, with its agents, {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s after the first died.");
        var agent = await control.AgentAsync(id);

        Assert.Equal(second.Gateway.Port, agent.Url.Port);
        Assert.Equal("echo: hello", await agent.AskAsync("hello"));

        // It stands by from now on.
        await first.StartAgainAsync(isStandby: true);
        await Eventually.ReadAsync(() => Processes.OfReplicas(first.DataDirectory).Count, count => count == 0);
        Assert.Single(Processes.ReplicasOf(second.DataDirectory).Distinct());
    }

    private static async Task<string> DeployAsync(ControlPlane control, string id, string before)
    {
        var revision = await control.DeployAsync(id, Tarball.OfFolder(Repository.Sample("echo-js"), (name, text) => name == "src/agent.ts" ? before + text : text));
        await control.UntilAsync(id, revision);
        return revision;
    }

    private static async Task<List<(HttpStatusCode Status, string Revision)>> AskAsync(Agent agent, CancellationToken end)
    {
        var answers = new List<(HttpStatusCode, string)>();
        while (!end.IsCancellationRequested)
        {
            using var answer = await agent.Http.GetAsync(new Uri("info", UriKind.Relative), Repository.Cancel);
            answers.Add((answer.StatusCode, answer.Headers.GetValues("X-Pilothouse-Revision").Single()));
        }

        return answers;
    }

    private static async Task ConnectAsync(string host, int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(host, port, Repository.Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(2), Repository.Cancel);
    }
}
