using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.Hostile;

/// <summary>T31 and T38: one bad deployment is its owner's trouble and nobody else's.</summary>
[Collection(SharedServer.Name)]
public sealed class FloodTests(ServerFixture world)
{
    private const int Flood = 50 * 1024 * 1024;
    private const long MemoryGrowth = 300 * 1024 * 1024;

    [Fact]
    public async Task T38_a_line_of_50_MB_without_an_end_costs_neither_memory_nor_the_log_nor_the_answers_meanwhile()
    {
        var id = (await world.Control.CreateAsync(ServerFixture.Name("flood"))).GetProperty("id").GetString()!;
        var revision = await world.Control.DeployAsync(id, MirrorAgent.Source());
        await world.Control.UntilAsync(id, revision);
        var agent = await world.Control.AgentAsync(id);
        var before = MemoryOf(world.Server.ProcessId);

        var flood = MirrorAgent.FloodAsync(agent, Flood);
        var (asked, slowest, most) = await AskWhileAsync(flood);
        await MirrorAgent.PrintAsync(agent, "\nafter the flood\n");
        var log = await Eventually.ReadAsync(() => world.Control.LogAsync(id, revision, "deploy"), text => text.Contains("after the flood", StringComparison.Ordinal));

        TestContext.Current.TestOutputHelper?.WriteLine($"{asked} answers meanwhile, slowest {slowest.TotalMilliseconds:0} ms; memory {before >> 20} to {most >> 20} MiB; log {log.Length} characters");
        Assert.True(most - before < MemoryGrowth, $"memory grew from {before} to {most}");
        Assert.InRange(Encoding.UTF8.GetByteCount(log), 1, 200 * 1024);
        Assert.DoesNotContain(log, character => character is '\u001b' or '\u202e' or '\u0007');
        Assert.True(asked > 0);
        Assert.True(slowest < TimeSpan.FromSeconds(5), $"slowest answer after {slowest}");
        await world.Control.SendAsync(HttpMethod.Delete, $"/v2/deployments/{id}");
    }

    [Fact]
    public async Task T31_a_poisoned_deployment_stops_no_other()
    {
        var poisoned = (await world.Control.CreateAsync(ServerFixture.Name("poison"))).GetProperty("id").GetString()!;
        var attack = new Attack(world.Control);

        // 10 MB of environment, in many values and in one.
        var many = Enumerable.Range(0, 200).Select(number => new { name = $"BIG_{number}", value = new string('x', 50 * 1024) }).ToArray();
        Assert.Null(await attack.SendAsync(HttpMethod.Patch, $"/v2/deployments/{poisoned}", new { secrets = many }));
        Assert.Null(await attack.SendAsync(HttpMethod.Patch, $"/v2/deployments/{poisoned}", new { secrets = new[] { new { name = "BIG", value = new string('x', 10 << 20) } } }));
        attack.AssertHarmless();

        // A configuration of 5 MB, and after it one that crashes, floods and starts again for ever.
        var large = await world.Control.DeployAsync(poisoned, Tarball.OfFiles(new Dictionary<string, string> { ["langgraph.json"] = $"{{\"graphs\":{{\"a\":\"{new string('g', 5 << 20)}\"}}}}" }));
        await world.Control.UntilAsync(poisoned, large, "BUILD_FAILED");
        var crashing = await world.Control.DeployAsync(poisoned, MirrorAgent.Source(before: "process.stdout.write(\"y\".repeat(5_000_000));\nprocess.exit(3);\n"));

        var good = (await world.Control.CreateAsync(ServerFixture.Name("good"))).GetProperty("id").GetString()!;
        var revision = await world.Control.DeployAsync(good, MirrorAgent.Source());
        var began = Stopwatch.GetTimestamp();
        await world.Control.UntilAsync(good, revision);
        TestContext.Current.TestOutputHelper?.WriteLine($"the other deployment was there after {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");

        Assert.Equal(["(not set)"], await MirrorAgent.ReadAsync(await world.Control.AgentAsync(good), "BIG_0"));
        Assert.NotEqual("DEPLOYED", await world.Control.StatusAsync(poisoned, crashing));
        await world.Control.SendAsync(HttpMethod.Delete, $"/v2/deployments/{poisoned}");
        await world.Control.SendAsync(HttpMethod.Delete, $"/v2/deployments/{good}");
        await Eventually.ReadAsync(() => StatusAsync(poisoned), status => status == HttpStatusCode.NotFound);
    }

    private async Task<HttpStatusCode> StatusAsync(string id)
    {
        using var answer = await world.Control.Http.GetAsync(new Uri($"/v2/deployments/{id}", UriKind.Relative), Repository.Cancel);
        return answer.StatusCode;
    }

    private async Task<(int Asked, TimeSpan Slowest, long MostMemory)> AskWhileAsync(Task work)
    {
        var (asked, slowest, most) = (0, TimeSpan.Zero, MemoryOf(world.Server.ProcessId));
        do
        {
            var began = Stopwatch.GetTimestamp();
            await world.Control.SendAsync(HttpMethod.Get, "/v2/deployments?limit=5");
            var took = Stopwatch.GetElapsedTime(began);
            slowest = took > slowest ? took : slowest;
            most = Math.Max(most, MemoryOf(world.Server.ProcessId));
            asked++;
        }
        while (!work.IsCompleted);

        await work;
        return (asked, slowest, Math.Max(most, MemoryOf(world.Server.ProcessId)));
    }

    /// <summary>Resident bytes (proc(5), <c>VmRSS</c> in KiB).</summary>
    private static long MemoryOf(int process) => 1024 * long.Parse(
        File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
        CultureInfo.InvariantCulture);
}
