using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.Hostile;

/// <summary>T24: an agent that takes long to start. A server of its own, since the limit is the server's.</summary>
public sealed class ReadyLimitTests
{
    /// <summary>Above what an agent takes to start on a busy machine.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(25);

    [Fact]
    public async Task T24_ready_before_the_limit_is_deployed_and_ready_after_it_is_reported_as_late_and_counts_all_the_same()
    {
        await using var server = await RunningServer.StartAsync(new Dictionary<string, string> { ["Listener:ReadyLimit"] = $"{s_limit}" });
        var control = new ControlPlane(server);
        var id = (await control.CreateAsync("slow")).GetProperty("id").GetString()!;

        var early = await control.DeployAsync(id, MirrorAgent.Source());
        await control.UntilAsync(id, early);
        Assert.DoesNotContain("is late", await control.LogAsync(id, early, "deploy"), StringComparison.Ordinal);

        // It starts when the file is there, which is after the limit and not by anybody's clock.
        var gate = Path.Combine(server.DataDirectory, "gate");
        var late = await control.DeployAsync(id, MirrorAgent.Source(before: WaitFor(gate)));
        Assert.Equal("DEPLOY_FAILED", await control.FinalAsync(id, late));
        var log = await Eventually.ReadAsync(() => control.LogAsync(id, late, "deploy"), text => text.Contains("is late", StringComparison.Ordinal));

        // It names the probe and the limit, and the old revision serves meanwhile.
        Assert.Contains("/ok did not answer 2xx within 25 s", log, StringComparison.Ordinal);
        Assert.Equal(["(not set)"], await MirrorAgent.ReadAsync(await control.AgentAsync(id), "ABSENT"));
        await File.WriteAllTextAsync(gate, "", Repository.Cancel);
        await Eventually.ReadAsync(() => control.StatusAsync(id, late), status => status == "DEPLOYED");
        Assert.Equal(["(not set)"], await MirrorAgent.ReadAsync(await control.AgentAsync(id), "ABSENT"));
    }

    private static string WaitFor(string file) =>
        $"import {{ existsSync }} from \"node:fs\";\nwhile (!existsSync(\"{file}\")) await new Promise((resolve) => setTimeout(resolve, 50));\n";
}
