using System.Security.Cryptography;
using Pilothouse.EndToEnd.World;
using Pilothouse.Testing.Postgres;
using Xunit;

namespace Pilothouse.EndToEnd.Upgrades;

/// <summary>
/// Control planes are replaced one by one while clients work, and put back. The older program is that of <c>PILOTHOUSE_OLDER_SERVER</c>
/// (<c>./dev upgrade</c> builds one); without it, this one: then it is the replacing itself that is seen.
/// </summary>
public sealed class UpgradeTests(ITestOutputHelper output)
{
    private const string Key = "lsv2_sk_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    private static readonly string s_newer = Repository.Built("Pilothouse.Server", "pilothouse-server.dll");
    private static readonly string s_older = Environment.GetEnvironmentVariable("PILOTHOUSE_OLDER_SERVER") is { Length: > 0 } older ? older : s_newer;

    /// <summary>For clients to do something between two replacements.</summary>
    private static readonly TimeSpan s_meanwhile = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task T39_control_planes_are_upgraded_one_by_one_and_taken_back_and_nobody_is_refused()
    {
        var root = Directory.CreateTempSubdirectory("pilothouse-upgrade-").FullName;
        await (await PostgresServer.OneAsync()).CreateDatabaseAsync("upgrade");
        var masterKey = Path.Combine(root, "master-key");
        await File.WriteAllTextAsync(masterKey, $"1:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}\n", Repository.Cancel);
        var settings = new Dictionary<string, string>
        {
            ["Storage:Database"] = (await PostgresServer.OneAsync()).ConnectionString("upgrade"),
            ["Storage:SharedDirectory"] = Path.Combine(root, "shared"),
            ["Secrets:MasterKey"] = $"file:{masterKey}",
            ["Peers:Lease"] = "00:00:03",
            ["BOOTSTRAP_KEY"] = Key,
        };
        var one = await RunningServer.StartAsync(settings, Path.Combine(root, "one"), program: s_older);
        var plane = new ControlPlane(one, Key);
        var id = (await plane.CreateAsync("served")).GetProperty("id").GetString()!;
        await plane.UntilAsync(id, await plane.DeployAsync(id, Tarball.OfFolder(Repository.Sample("echo-js"))));
        var path = new Uri((await plane.SendAsync(HttpMethod.Get, $"/v2/deployments/{id}")).GetProperty("source_config").GetProperty("custom_url").GetString()!).AbsolutePath;

        // The newer one comes beside it, and brings the store to its schema while the older one works on it.
        using var callers = new Callers(Key, path);
        callers.Use(one);
        using var ended = new CancellationTokenSource();
        var working = callers.RunAsync(ended.Token);
        await PauseAsync();
        var two = await RunningServer.StartAsync(settings, Path.Combine(root, "two"), program: s_newer);
        callers.Use(one, two);
        await PauseAsync();

        await ReplaceAsync(one, s_newer);
        await PauseAsync();
        await SeeAllAsync(callers, "upgraded");

        // And back: the older program on the schema of the newer one.
        if (s_older != s_newer) await ReplaceAsync(one, s_older);
        await PauseAsync();
        await ReplaceAsync(two, s_older);
        await PauseAsync();
        await ended.CancelAsync();
        await working;
        await SeeAllAsync(callers, "taken back");
        Assert.Equal("echo: still here", await callers.AskAsync("still here"));
        await callers.SendAsync(HttpMethod.Patch, $"/v2/deployments/{id}", new { secrets = new[] { new { name = "CHANGED", value = "yes" } } });
        await plane.UntilAsync(id, (await callers.SendAsync(HttpMethod.Get, $"/v2/deployments/{id}/revisions?limit=1")).GetProperty("resources")[0].GetProperty("id").GetString()!);

        Assert.Empty(callers.Failures);
        output.WriteLine($"{callers.Calls} calls answered, {callers.Again} of them sent once more (not taken, or 503 with Retry-After), {callers.Acknowledged.Count} deployments made and changed, none lost");
        foreach (var server in (RunningServer[])[one, two]) await server.DisposeAsync();
        Directory.Delete(root, recursive: true);
    }

    private static async Task ReplaceAsync(RunningServer server, string program)
    {
        Assert.Equal(0, await server.StopAsync());
        server.Program = program;
        await server.StartAgainAsync();
    }

    private static async Task SeeAllAsync(Callers callers, string when)
    {
        Assert.True(callers.Acknowledged.Count > 3, $"Only {callers.Acknowledged.Count} deployments were made when {when}.");
        foreach (var (deployment, (name, command)) in callers.Acknowledged)
        {
            var read = await callers.SendAsync(HttpMethod.Get, $"/v2/deployments/{deployment}");
            Assert.Equal(name, read.GetProperty("name").GetString());
            if (command is not null) Assert.Equal(command, read.GetProperty("source_config").GetProperty("build_command").GetString());
        }
    }

    private static Task PauseAsync() => Task.Delay(s_meanwhile, TimeProvider.System, Repository.Cancel);
}
