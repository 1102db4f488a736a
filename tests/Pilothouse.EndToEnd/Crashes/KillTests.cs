using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.Crashes;

/// <summary><c>kill -9</c> of the whole program, whenever.</summary>
public sealed class KillTests
{
    private const int Moments = 20;

    [Fact]
    public async Task Killed_at_twenty_random_moments_of_build_and_deploy_the_next_start_finishes_the_revision()
    {
        await using var server = await RunningServer.StartAsync();
        var control = new ControlPlane(server);
        var id = (await control.CreateAsync("killed")).GetProperty("id").GetString()!;
        await control.UntilAsync(id, await control.DeployAsync(id, Source(0)));
        var agent = await control.AgentAsync(id);
        var thread = await agent.NewThreadAsync();
        Assert.Equal("v0: first", await agent.AskAsync("first", thread));

        // In turn of a build with its deploy, and of a deploy of what is built already.
        var (built, deployed) = (await MeasureAsync(control, id, () => control.DeployAsync(id, Source(-1))), await MeasureAsync(control, id, () => control.RedeployAsync(id)));
        var random = new Random(20_261_124);
        var version = -1;
        for (var moment = 1; moment <= Moments; moment++)
        {
            var isBuild = moment % 2 == 1;
            var revision = isBuild ? await control.DeployAsync(id, Source(version = moment)) : await control.RedeployAsync(id);
            await Task.Delay((isBuild ? built : deployed) * random.NextDouble(), TimeProvider.System, Repository.Cancel);
            await server.KillAsync();
            await server.StartAgainAsync();

            await control.UntilAsync(id, revision);
            Assert.Equal($"v{version}: again", await agent.AskAsync("again"));
            await Eventually.TrueAsync(() => Processes.OfBuilds(server.DataDirectory).Count == 0);
            await Eventually.ReadAsync(() => string.Join(' ', LeftOver(server.DataDirectory)), leftOver => leftOver.Length == 0);
            Assert.Equal(1, await ReplicasAsync(server));
        }

        Assert.Equal(["first", "v0: first"], await agent.MessagesAsync(thread));
        Assert.Equal(0, await server.StopAsync());
        Assert.Empty(Processes.OfReplicas(server.DataDirectory));
    }

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

    private static byte[] Source(int version) => Tarball.OfFolder(Repository.Sample("echo-js"), (name, text) =>
        name == "src/agent.ts" ? text.Replace("echo: ", $"v{version}: ", StringComparison.Ordinal) : text);

    private static async Task<TimeSpan> MeasureAsync(ControlPlane control, string id, Func<Task<string>> begin)
    {
        var began = TimeProvider.System.GetTimestamp();
        await control.UntilAsync(id, await begin());
        return TimeProvider.System.GetElapsedTime(began);
    }

    private static async Task<bool> AnswersAsync(Agent agent)
    {
        using var answer = await agent.Http.GetAsync(new Uri("ok", UriKind.Relative), Repository.Cancel);
        return answer.IsSuccessStatusCode;
    }

    /// <summary>One replica may be several processes of one group while it starts; its leaders are counted.</summary>
    private static async Task<int> ReplicasAsync(RunningServer server) => await Eventually.ReadAsync(
        () => Processes.OfReplicas(server.DataDirectory).Select(process => Names(process)).Distinct(StringComparer.Ordinal).Count(), count => count == 1);

    private static string Names(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/environ").Split('\0').FirstOrDefault(line => line.StartsWith("PILOTHOUSE_REPLICA=", StringComparison.Ordinal)) ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>Directories of builds and proving boots that nobody works in any more.</summary>
    private static List<string> LeftOver(string data) =>
        [.. ((string[])["builds", "scratch", "scratch/replicas"])
            .Select(folder => Path.Combine(data, folder))
            .Where(Directory.Exists)
            .SelectMany(Directory.EnumerateDirectories)
            .Where(folder => Path.GetFileName(folder) is not ("replicas" or "index"))];
}
