using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.Hostile;

/// <summary>T24: an agent that takes long to start. A server of its own, since the limit is the server's.</summary>
public sealed class ReadyLimitTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(12);

    [Fact]
    public async Task T24_ready_before_the_limit_is_deployed_and_ready_after_it_is_reported_as_late_and_counts_all_the_same()
    {
        await using var server = await RunningServer.StartAsync(new Dictionary<string, string> { ["Listener:ReadyLimit"] = $"{s_limit}" });
        var control = new ControlPlane(server);
        var id = (await control.CreateAsync("slow")).GetProperty("id").GetString()!;

        var early = await control.DeployAsync(id, MirrorAgent.Source(before: Sleep(TimeSpan.FromSeconds(2))));
        await control.UntilAsync(id, early);
        Assert.DoesNotContain("is late", await control.LogAsync(id, early, "deploy"), StringComparison.Ordinal);

        var late = await control.DeployAsync(id, MirrorAgent.Source(before: Sleep(s_limit + TimeSpan.FromSeconds(1))));
        Assert.Equal("DEPLOY_FAILED", await control.FinalAsync(id, late));
        var log = await Eventually.ReadAsync(() => control.LogAsync(id, late, "deploy"), text => text.Contains("is late", StringComparison.Ordinal));

        // It names the probe and the limit, and the old revision serves meanwhile.
        Assert.Contains("/ok did not answer 2xx within 12 s", log, StringComparison.Ordinal);
        Assert.Equal(["(not set)"], await MirrorAgent.ReadAsync(await control.AgentAsync(id), "ABSENT"));
        await Eventually.ReadAsync(() => control.StatusAsync(id, late), status => status == "DEPLOYED");
        Assert.Equal(["(not set)"], await MirrorAgent.ReadAsync(await control.AgentAsync(id), "ABSENT"));
    }

    private static string Sleep(TimeSpan time) => $"await new Promise((resolve) => setTimeout(resolve, {time.TotalMilliseconds:0}));\n";
}
