using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.Switching;

/// <summary>What callers and threads live through while revisions change under them.</summary>
[Collection(SharedServer.Name)]
public sealed class RedeployTests(ServerFixture world)
{
    [Theory]
    [InlineData("echo-js", "src/agent.ts")]
    [InlineData("echo-py", "agent.py")]
    public async Task Threads_outlive_a_redeploy_and_a_run_under_way_at_the_switch_completes(string sample, string file)
    {
        var id = (await world.Control.CreateAsync(ServerFixture.Name("keep"))).GetProperty("id").GetString()!;
        await DeployAsync(id, sample, file, "one");
        var agent = await world.Control.AgentAsync(id);
        var thread = await agent.NewThreadAsync();
        Assert.Equal("one: before", await agent.AskAsync("before", thread));

        var (waitedFor, alone) = (await agent.NewThreadAsync(), await agent.NewThreadAsync());
        var run = agent.AskAsync("8 steps of 500 ms", waitedFor);
        await agent.BeginAsync("7 steps of 500 ms", alone);
        await DeployAsync(id, sample, file, "two");

        // It began on the old revision, which was drained and not cut.
        Assert.Equal("one: 8 steps of 500 ms", await run);
        Assert.Equal(["7 steps of 500 ms", "one: 7 steps of 500 ms"], await agent.MessagesAsync(alone));
        Assert.Equal("two: after", await agent.AskAsync("after", thread));
        Assert.Equal(["before", "one: before", "after", "two: after"], await agent.MessagesAsync(thread));
        var proof = await ProofAsync(id, 2);
        Assert.Equal(0, proof.GetProperty("refused").GetInt32());
        Assert.Equal(0, proof.GetProperty("cut").GetInt32());
    }

    [Theory]
    [InlineData("echo-js", "src/agent.ts")]
    [InlineData("echo-py", "agent.py")]
    public async Task Streams_arrive_step_by_step(string sample, string file)
    {
        var id = (await world.Control.CreateAsync(ServerFixture.Name("stream"))).GetProperty("id").GetString()!;
        await DeployAsync(id, sample, file, "echo");
        var agent = await world.Control.AgentAsync(id);

        var arrivals = new List<DateTimeOffset>();
        await foreach (var line in agent.StreamAsync("4 steps of 300 ms", cancellationToken: Repository.Cancel))
        {
            if (line.Contains("\"step\"", StringComparison.Ordinal)) arrivals.Add(TimeProvider.System.GetUtcNow());
        }

        Assert.Equal(4, arrivals.Count);
        Assert.True(arrivals[^1] - arrivals[0] > TimeSpan.FromMilliseconds(600), string.Join(' ', arrivals.Select(at => $"{at:ss.fff}")));
    }

    [Fact]
    public async Task A_revision_that_does_not_become_healthy_changes_nothing_for_callers()
    {
        var id = (await world.Control.CreateAsync(ServerFixture.Name("sick"))).GetProperty("id").GetString()!;
        await DeployAsync(id, "echo-js", "src/agent.ts", "good");
        var agent = await world.Control.AgentAsync(id);

        var broken = Tarball.OfFolder(Repository.Sample("echo-js"), (name, text) =>
            name == "src/agent.ts" ? "throw new Error(\"broken at import\");\n" + text : text);
        var revision = await world.Control.DeployAsync(id, broken);
        var asking = AskUntilAsync(agent, world.Control.FinalAsync(id, revision));
        await world.Control.UntilAsync(id, revision, "DEPLOY_FAILED");

        Assert.All(await asking, answer => Assert.StartsWith("good: ", answer, StringComparison.Ordinal));
        Assert.Contains("broken at import", await world.Control.LogAsync(id, revision, "deploy"), StringComparison.Ordinal);
        Assert.NotEqual(revision, (await world.Control.SendAsync(HttpMethod.Get, $"/v2/deployments/{id}")).GetProperty("active_revision_id").GetString());
    }

    /// <summary>
    /// 2,000 requests and one stream of a minute while five revisions come and go. A rollback is T23's; sockets and runs that outlast the drain limit
    /// end with the replica and are tests of the listener's switch, since servers in memory hand no work over (docs/architecture.md).
    /// </summary>
    [Fact]
    public async Task T20_no_request_is_refused_and_no_stream_cut_by_five_redeploys_under_load()
    {
        const int requests = 2_000;
        const int clients = 8;

        // Without a pause they would take the processor from the redeploys that they are to see, for minutes.
        var pause = TimeSpan.FromMilliseconds(250);
        var id = (await world.Control.CreateAsync(ServerFixture.Name("load"), "prod")).GetProperty("id").GetString()!;
        await DeployAsync(id, "echo-js", "src/agent.ts", "v0");
        var agent = await world.Control.AgentAsync(id);
        var threads = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => agent.NewThreadAsync()));
        foreach (var thread in threads) await agent.AskAsync("begin", thread);

        using var done = new CancellationTokenSource();
        var stream = Task.Run(async () =>
        {
            var steps = 0;
            var ended = false;
            await foreach (var line in agent.StreamAsync("60 steps of 1000 ms", cancellationToken: Repository.Cancel))
            {
                if (line.Contains("\"step\"", StringComparison.Ordinal)) steps++;
                ended |= line.Contains("v0: 60 steps", StringComparison.Ordinal);
            }

            return (Steps: steps, Ended: ended);
        });
        var answered = 0;
        var failures = new List<string>();
        var load = Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            for (var number = 0; number < requests / clients || !done.IsCancellationRequested; number++)
            {
                try
                {
                    var answer = await agent.AskAsync($"{client}-{number}", number % 10 == 0 ? threads[client] : null);
                    if (!answer.EndsWith($": {client}-{number}", StringComparison.Ordinal)) lock (failures) failures.Add(answer);
                    Interlocked.Increment(ref answered);
                }
                catch (Exception failure) when (failure is HttpRequestException or IOException or Xunit.Sdk.XunitException)
                {
                    lock (failures) failures.Add(failure.Message);
                }

                await Task.Delay(pause, TimeProvider.System, Repository.Cancel);
            }
        })).ToArray();

        for (var version = 1; version <= 5; version++) await DeployAsync(id, "echo-js", "src/agent.ts", $"v{version}");
        await done.CancelAsync();
        await Task.WhenAll(load);
        var streamed = await stream;

        Assert.Empty(failures);
        Assert.True(answered >= requests, $"only {answered} requests were made");
        Assert.Equal((60, true), (streamed.Steps, streamed.Ended));
        foreach (var thread in threads) Assert.Contains("begin", await agent.MessagesAsync(thread));
        var moved = 0;
        for (var number = 2; number <= 6; number++)
        {
            var proof = await ProofAsync(id, number);
            Assert.Equal(0, proof.GetProperty("refused").GetInt32());
            Assert.Equal(0, proof.GetProperty("cut").GetInt32());
            Assert.Equal(proof.GetProperty("held").GetInt32(), proof.GetProperty("moved").GetInt32());
            moved += proof.GetProperty("moved").GetInt32();
            TestContext.Current.TestOutputHelper?.WriteLine(proof.ToString());
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{answered} answered, 0 failed by the clients' count; {moved} held and moved by the proofs");
        Assert.Equal("v5: end", await agent.AskAsync("end"));
    }

    private static async Task<List<string>> AskUntilAsync(Agent agent, Task end)
    {
        var answers = new List<string>();
        while (!end.IsCompleted) answers.Add(await agent.AskAsync("still there?"));
        return answers;
    }

    /// <summary>Deploys the sample with another word than <c>echo</c> in its answers, and waits until it serves.</summary>
    private async Task DeployAsync(string id, string sample, string file, string word)
    {
        var tarball = Tarball.OfFolder(Repository.Sample(sample), (name, text) => name == file ? text.Replace("echo: ", $"{word}: ", StringComparison.Ordinal) : text);
        var revision = await world.Control.DeployAsync(id, tarball);
        await world.Control.UntilAsync(id, revision);
    }

    private async Task<System.Text.Json.JsonElement> ProofAsync(string id, int toRevision)
    {
        var events = await world.Control.SendAsync(HttpMethod.Get, $"/v2/deployments/{id}/events?limit=1000");
        return events.GetProperty("resources").EnumerateArray()
            .Where(one => one.GetProperty("kind").GetString() == "switched")
            .Select(one => one.GetProperty("data"))
            .Single(proof => proof.GetProperty("to_revision").GetInt32() == toRevision);
    }
}
