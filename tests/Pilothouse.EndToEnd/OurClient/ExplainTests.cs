using System.Net;
using System.Text.Json;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.OurClient;

/// <summary>Why it does not serve, and the way back, as their users see them.</summary>
[Collection(SharedServer.Name)]
public sealed class ExplainTests(ServerFixture world)
{
    [Fact]
    public async Task Broken_agent_is_explained_by_its_line_and_a_rollback_stays_until_it_is_resumed()
    {
        var name = ServerFixture.Name("explain");
        var id = (await world.Control.CreateAsync(name)).GetProperty("id").GetString()!;
        Assert.Contains("no source was uploaded", (await ExplainAsync(id)).GetProperty("summary").GetString(), StringComparison.Ordinal);
        await world.Control.UntilAsync(id, await world.Control.DeployAsync(id, Answering("one")));
        await world.Control.UntilAsync(id, await world.Control.DeployAsync(id, Answering("two")));
        var agent = await world.Control.AgentAsync(id);
        Assert.True((await ExplainAsync(id)).GetProperty("serves_newest").GetBoolean());

        var broken = await world.Control.DeployAsync(id, Tarball.OfFolder(
            Repository.Sample("echo-js"), (file, text) => file == "src/agent.ts" ? "throw new Error(\"broken at import\");\n" + text : text));
        await world.Control.UntilAsync(id, broken, "DEPLOY_FAILED");
        var explanation = await ExplainAsync(id);

        Assert.Equal((true, false), (explanation.GetProperty("serving").GetBoolean(), explanation.GetProperty("serves_newest").GetBoolean()));
        var finding = explanation.GetProperty("findings")[0];
        Assert.Equal(("start", "error", broken), (Text(finding, "area"), Text(finding, "severity"), Text(finding, "revision_id")));
        Assert.Contains(finding.GetProperty("details").EnumerateArray(), line => line.GetString()!.Contains("broken at import", StringComparison.Ordinal));
        var told = await OurCli.RunAsync(world.Server, "/", "explain", name);
        Assert.Equal(1, told.Code);
        Assert.Contains("broken at import", told.Output, StringComparison.Ordinal);

        var back = await OurCli.RunAsync(world.Server, "/", "rollback", name, "--wait", "--reason", "it was better");
        Assert.True(back.Code == 0, back.ToString());
        Assert.Equal("one: again", await agent.AskAsync("again"));
        var healthy = await OurCli.RunAsync(world.Server, "/", "explain", name, "--json");
        Assert.Equal(0, healthy.Code);
        Assert.Contains("what revision 3 brought was left", Text(JsonDocument.Parse(healthy.Output).RootElement, "summary"), StringComparison.Ordinal);
        var pin = await world.Control.SendAsync(HttpMethod.Get, $"/v2/deployments/{id}/rollback");
        Assert.Equal((1, 3, 4), (pin.GetProperty("target_number").GetInt32(), pin.GetProperty("left_number").GetInt32(), pin.GetProperty("number").GetInt32()));

        var resumed = await OurCli.RunAsync(world.Server, "/", "resume", name);
        Assert.True(resumed.Code == 0, resumed.ToString());
        using var none = await world.Control.Http.GetAsync(new Uri($"/v2/deployments/{id}/rollback", UriKind.Relative), Repository.Cancel);
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        Assert.Equal("one: still", await agent.AskAsync("still"));
    }

    private static byte[] Answering(string word) => Tarball.OfFolder(
        Repository.Sample("echo-js"), (file, text) => file == "src/agent.ts" ? text.Replace("echo: ", $"{word}: ", StringComparison.Ordinal) : text);

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private Task<JsonElement> ExplainAsync(string deployment) => world.Control.SendAsync(HttpMethod.Get, $"/v2/deployments/{deployment}/explain");
}
