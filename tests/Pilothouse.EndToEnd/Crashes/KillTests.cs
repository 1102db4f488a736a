using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.Crashes;

/// <summary><c>kill -9</c> of the whole program at ten moments of a build with its deploy.</summary>
public sealed class KillInBuildTests
{
    [Fact]
    public Task Killed_at_ten_random_moments_of_a_build_the_next_start_finishes_the_revision() => Kills.AtTenMomentsAsync(isBuild: true);
}

/// <summary>And at ten of a deploy of what is built already.</summary>
public sealed class KillInDeployTests
{
    [Fact]
    public Task Killed_at_ten_random_moments_of_a_deploy_the_next_start_finishes_the_revision() => Kills.AtTenMomentsAsync(isBuild: false);
}

internal static class Kills
{
    private const int Moments = 10;

    public static async Task AtTenMomentsAsync(bool isBuild)
    {
        await using var server = await RunningServer.StartAsync();
        var control = new ControlPlane(server);
        var id = (await control.CreateAsync("killed")).GetProperty("id").GetString()!;
        await control.UntilAsync(id, await control.DeployAsync(id, Source(0)));
        var agent = await control.AgentAsync(id);
        var thread = await agent.NewThreadAsync();
        Assert.Equal("v0: first", await agent.AskAsync("first", thread));

        var takes = await MeasureAsync(control, id, () => control.DeployAsync(id, Source(-1)));
        if (!isBuild) takes = await MeasureAsync(control, id, () => control.RedeployAsync(id));
        var random = new Random(20_261_124);
        var version = -1;
        for (var moment = 1; moment <= Moments; moment++)
        {
            var revision = isBuild ? await control.DeployAsync(id, Source(version = moment)) : await control.RedeployAsync(id);
            await Task.Delay(takes * random.NextDouble(), TimeProvider.System, Repository.Cancel);
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

    private static byte[] Source(int version) => Tarball.OfFolder(Repository.Sample("echo-js"), (name, text) =>
        name == "src/agent.ts" ? text.Replace("echo: ", $"v{version}: ", StringComparison.Ordinal) : text);

    private static async Task<TimeSpan> MeasureAsync(ControlPlane control, string id, Func<Task<string>> begin)
    {
        var began = TimeProvider.System.GetTimestamp();
        await control.UntilAsync(id, await begin());
        return TimeProvider.System.GetElapsedTime(began);
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
