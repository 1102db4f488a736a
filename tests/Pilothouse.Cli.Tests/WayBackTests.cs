using System.Text.Json;
using Pilothouse.Contracts.Explain;
using Xunit;

namespace Pilothouse.Cli.Tests;

/// <summary>explain, rollback, resume, redeploy, interrupt, url.</summary>
public sealed class WayBackTests : CliTests
{
    [Fact]
    public async Task Explain_prints_findings_with_lines_and_what_to_do_and_ends_with_1_until_the_newest_serves()
    {
        Plane.Add("one");
        Plane.Explains = FakeControlPlane.Failed;

        var broken = await RunAsync("explain");
        Plane.Explains = revision => FakeControlPlane.Failed(revision) with { Serving = true, ServesNewest = true };
        var json = await RunAsync("explain", "one", "--json");

        Assert.Equal(
            "It failed.\n✗ build: The build of revision 1 failed. (since 2026-11-25 00:00:00Z)\n    line 1\uFFFD[31m\n    line 2\n  → Mend it.\n", broken.Output);
        Assert.Equal((1, 0), (broken.Code, json.Code));
        Assert.Equal("Mend it.", JsonDocument.Parse(json.Output).RootElement.GetProperty("findings")[0].GetProperty("action").GetString());
    }

    [Fact]
    public async Task Explain_without_a_name_needs_exactly_one_deployment()
    {
        var none = await RunAsync("explain");
        Plane.Add("one");
        Plane.Add("two");
        var many = await RunAsync("explain");

        Assert.Equal((2, 2), (none.Code, many.Code));
        Assert.Contains("more than one", many.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rollback_names_its_target_by_number_or_id_and_can_wait()
    {
        Plane.Add("one");
        var id = Guid.NewGuid();

        var byDefault = await RunAsync("rollback", "one", "--json");
        await RunAsync("rollback", "one", "--to", "7", "--reason", "bad");
        await RunAsync("rollback", "one", "--to", $"{id}");
        var waited = await RunAsync("rollback", "one", "--wait");
        var misused = await RunAsync("rollback", "one", "--to", "latest");

        Assert.Equal(0, byDefault.Code);
        Assert.Equal(1, JsonDocument.Parse(byDefault.Output).RootElement.GetProperty("target_number").GetInt32());
        Assert.Equal([(null, null, null), (7, null, "bad"), (null, id, null), (null, null, null)], Plane.Rollbacks.Select(wanted => (wanted.Number, wanted.RevisionId, wanted.Reason)));
        Assert.Equal((0, "http://agents/one\n"), (waited.Code, waited.Output));
        Assert.Equal(2, misused.Code);
    }

    [Fact]
    public async Task Resume_tells_how_to_have_back_what_was_left_and_is_refused_when_there_is_none()
    {
        Plane.Add("one");
        await RunAsync("rollback", "one");

        var resumed = await RunAsync("resume", "one");
        var again = await RunAsync("resume", "one");

        Assert.Equal((0, 1), (resumed.Code, again.Code));
        Assert.Contains("pilothouse redeploy one --revision ", resumed.Error, StringComparison.Ordinal);
        Assert.Contains("is not rolled back", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redeploy_takes_the_newest_and_interrupt_the_newest_that_has_not_ended()
    {
        var deployment = Plane.Add("one");
        var empty = await RunAsync("redeploy", "one");
        var old = Plane.AddRevision(deployment.Id, "DEPLOYED");
        var redeployed = await RunAsync("redeploy", "one", "--json");
        var made = Plane.Revisions[deployment.Id][0];

        var interrupted = await RunAsync("interrupt", "one");
        var ended = await RunAsync("interrupt", "one");

        Assert.Equal((2, 0, 0, 1), (empty.Code, redeployed.Code, interrupted.Code, ended.Code));
        Assert.Equal(old.Id, Assert.Single(Plane.Redeployed));
        Assert.Contains($"{made.Id} is INTERRUPTED", interrupted.Error, StringComparison.Ordinal);
        Assert.Contains("nothing to interrupt", ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("url")]
    [InlineData("open")]
    public async Task Url_is_printed_alone(string verb)
    {
        Plane.Add("one");

        Assert.Equal((0, "http://agents/one\n", ""), await PartsAsync(verb, "one"));
        Assert.Equal("http://agents/one", JsonDocument.Parse((await RunAsync(verb, "one", "--json")).Output).RootElement.GetProperty("url").GetString());
    }

    [Fact]
    public async Task Failed_deploy_says_what_the_control_plane_makes_of_it()
    {
        Home.Write("langgraph.json", """{"node_version":"22","graphs":{"agent":"./agent.ts:graph"}}""");
        Home.Write("agent.ts", "export const graph = 1;");
        Plane.Steps = ["QUEUED", "BUILD_FAILED"];
        Plane.Explains = FakeControlPlane.Failed;

        var prose = await RunAsync("deploy", Home.Path, "--name", "one");
        var json = await RunAsync("deploy", Home.Path, "--name", "one", "--json");

        Assert.Equal((1, 1), (prose.Code, json.Code));
        Assert.Contains("✗ build: The build of revision 1 failed.", prose.Error, StringComparison.Ordinal);
        Assert.Contains("  → Mend it.", prose.Error, StringComparison.Ordinal);
        var finding = json.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)
            .Single(line => line.GetProperty("event").GetString() == "finding");
        Assert.Equal(FindingAreas.Build, finding.GetProperty("finding").GetProperty("area").GetString());
    }

    private async Task<(int, string, string)> PartsAsync(params string[] arguments)
    {
        var ran = await RunAsync(arguments);
        return (ran.Code, ran.Output, ran.Error);
    }
}
