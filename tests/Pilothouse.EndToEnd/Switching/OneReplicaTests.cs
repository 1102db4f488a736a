using System.Net;
using Pilothouse.EndToEnd.Hostile;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.Switching;

/// <summary>T23: where there is one replica and never a second beside it on its state.</summary>
[Collection(SharedServer.Name)]
public sealed class OneReplicaTests(ServerFixture world)
{
    [Fact]
    public async Task T23_the_only_replica_is_exchanged_and_rolled_back_without_a_refused_request_and_probed_from_outside()
    {
        var id = (await world.Control.CreateAsync(ServerFixture.Name("single"))).GetProperty("id").GetString()!;
        var first = await DeployAsync(id, "// one\n");
        var agent = await world.Control.AgentAsync(id);

        // Nothing that could probe it is on its own path.
        Assert.Equal(["/nowhere"], await MirrorAgent.ReadAsync(agent, "PATH"));
        using var done = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 2).Select(_ => AskAsync(agent, done.Token)).ToArray();
        var second = await DeployAsync(id, "// two\n");
        var back = await world.Control.SendAsync(HttpMethod.Post, $"/v2/deployments/{id}/revisions/{first}/redeploy");
        var third = back.GetProperty("latest_revision_id").GetString()!;
        await world.Control.UntilAsync(id, third);
        await done.CancelAsync();

        foreach (var answers in await Task.WhenAll(callers))
        {
            Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
            Assert.Equal([first, second, third], Runs(answers.Select(answer => answer.Revision)));
        }

        await world.Control.SendAsync(HttpMethod.Delete, $"/v2/deployments/{id}");
    }

    private async Task<string> DeployAsync(string id, string before)
    {
        var source = Tarball.OfFolder(Repository.Sample("echo-js"), (name, text) => name switch
        {
            "src/agent.ts" => before + MirrorAgent.Graph,
            "langgraph.json" => text.Replace("\".env\"", "{\"PATH\": \"/nowhere\"}", StringComparison.Ordinal),
            _ => text,
        });
        var revision = await world.Control.DeployAsync(id, source);
        await world.Control.UntilAsync(id, revision);
        return revision;
    }

    /// <summary>One request after the other, and one more after the end.</summary>
    private static async Task<List<(HttpStatusCode Status, string Revision)>> AskAsync(Agent agent, CancellationToken end)
    {
        var answers = new List<(HttpStatusCode, string)>();
        bool isLast;
        do
        {
            isLast = end.IsCancellationRequested;
            using var answer = await agent.Http.GetAsync(new Uri("info", UriKind.Relative), Repository.Cancel);
            answers.Add((answer.StatusCode, answer.Headers.GetValues("X-Pilothouse-Revision").Single()));
        }
        while (!isLast);

        return answers;
    }

    /// <summary>Each revision once for as long as it answered without another in between.</summary>
    private static List<string> Runs(IEnumerable<string> revisions)
    {
        var runs = new List<string>();
        foreach (var revision in revisions)
        {
            if (runs.Count == 0 || !string.Equals(runs[^1], revision, StringComparison.Ordinal)) runs.Add(revision);
        }

        return runs;
    }
}
