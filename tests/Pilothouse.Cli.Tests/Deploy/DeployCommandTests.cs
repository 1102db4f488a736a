using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using Pilothouse.Cli.Connecting;
using Pilothouse.Cli.Deploy;
using Xunit;

namespace Pilothouse.Cli.Tests.Deploy;

public sealed class DeployCommandTests : CliTests
{
    [Fact]
    public async Task New_deployment_prints_its_url_alone_and_tells_the_rest_to_people()
    {
        Plane.BuildLog.Enqueue(FakeControlPlane.Line("installing"));
        Home.Write("langgraph.json", "{}");
        Home.Write("src/agent.ts");

        var ran = await RunAsync("deploy", Home.Path, "--name", "my-agent");

        Assert.Equal((0, "http://agents/my-agent\n"), (ran.Code, ran.Output));
        Assert.Contains("a new deployment, my-agent", ran.Error, StringComparison.Ordinal);
        Assert.Contains("BUILDING", ran.Error, StringComparison.Ordinal);
        Assert.Single(ran.Error.Split('\n'), line => line.Contains("installing", StringComparison.Ordinal));
        Assert.Equal(["langgraph.json", "src/agent.ts"], Names(Plane.Uploaded));
        var patch = Assert.Single(Plane.Patches);
        Assert.Equal(("internal_source", "objects/1", "langgraph.json"), (patch.RevisionSource, patch.SourceRevisionConfig?.SourceTarballPath, patch.SourceRevisionConfig?.LanggraphConfigPath));
        Assert.Null(patch.Secrets);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Deployment_that_is_there_gets_a_new_revision(bool byId)
    {
        Home.Write("langgraph.json", "{}");
        var there = Plane.Add("my-agent");

        var ran = await RunAsync(["deploy", Home.Path, .. byId ? new[] { "--deployment-id", $"{there.Id}", "--name", "other" } : ["--name", "my-agent"]]);

        Assert.Equal(0, ran.Code);
        Assert.Equal(there.Id, Assert.Single(Plane.Deployments).Id);
        Assert.Single(Plane.Revisions[there.Id]);
    }

    [Fact]
    public async Task Json_is_one_event_a_line_and_ends_with_the_result()
    {
        Plane.BuildLog.Enqueue(FakeControlPlane.Line("installing"));
        Home.Write("langgraph.json", "{}");

        var ran = await RunAsync("deploy", Home.Path, "--name", "a", "--json");

        var lines = ran.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Equal(["log", "result", "status", "step", "upload"], lines.Select(Event).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(["build", "INFO", "installing"], new[] { "type", "level", "message" }.Select(name => lines.Single(line => Event(line) == "log").GetProperty(name).GetString()));
        Assert.Equal(Plane.Uploaded.Length, lines.Last(line => Event(line) == "upload").GetProperty("bytes").GetInt64());
        var result = lines[^1];
        Assert.Equal(
            ["DEPLOYED", $"{Plane.Deployments[0].Id}", $"{Plane.Deployments[0].LatestRevisionId}", "http://agents/a"],
            new[] { "status", "deployment_id", "revision_id", "url" }.Select(name => result.GetProperty(name).GetString()));

        static string? Event(JsonElement line) => line.GetProperty("event").GetString();
    }

    [Fact]
    public async Task Logs_are_told_while_they_are_written_each_line_once_and_under_its_status()
    {
        Plane.Steps = ["BUILDING", "AWAITING_DEPLOY", "DEPLOYING", "DEPLOYED"];
        var clock = 0;
        Plane.Looked = status => (status is "BUILDING" ? Plane.BuildLog : Plane.DeployLog).Enqueue(FakeControlPlane.Line($"line {status}", clock++));
        Home.Write("langgraph.json", "{}");

        var plain = await RunAsync("deploy", Home.Path, "--name", "a");
        var json = await RunAsync("deploy", Home.Path, "--name", "b", "--json");

        string[] told = ["▸ BUILDING", "  line BUILDING", "▸ AWAITING_DEPLOY", "  line AWAITING_DEPLOY", "▸ DEPLOYING", "  line DEPLOYING", "  line DEPLOYED"];
        Assert.Equal((0, 0), (plain.Code, json.Code));
        Assert.Equal(told, plain.Error.Split('\n').Where(line => line.Contains("BUILDING", StringComparison.Ordinal) || line.Contains("DEPLOY", StringComparison.Ordinal)));
        Assert.Equal("", json.Error);
        Assert.Contains("\"type\":\"deploy\",\"level\":\"INFO\",\"message\":\"line DEPLOYING\"", json.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failed_deploy_tells_also_the_line_that_came_late()
    {
        Plane.Steps = ["DEPLOYING", "DEPLOY_FAILED"];
        var shown = FakeControlPlane.Line("booting", 5);
        Plane.DeployLog.Enqueue(shown);
        Plane.Looked = status =>
        {
            if (status is not "DEPLOY_FAILED") return;
            Plane.DeployLog.Clear();
            Plane.DeployLog.Enqueue(FakeControlPlane.Line("exit code 3", 2));
            Plane.DeployLog.Enqueue(shown);
        };
        Home.Write("langgraph.json", "{}");

        var ran = await RunAsync("deploy", Home.Path);

        Assert.Equal(1, ran.Code);
        Assert.Equal(["  booting", "  exit code 3", "✗ DEPLOY_FAILED"], ran.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^3..]);
    }

    [Fact]
    public async Task No_wait_returns_once_the_revision_is_recorded()
    {
        Home.Write("langgraph.json", "{}");

        var ran = await RunAsync("deploy", Home.Path, "--no-wait");

        Assert.Equal((0, ""), (ran.Code, ran.Output));
        Assert.Equal("QUEUED", Assert.Single(Plane.Revisions.Values.Single()).Status);
        Assert.DoesNotContain("✗", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BUILD_FAILED", "npm says no")]
    [InlineData("DEPLOY_FAILED", "no graph")]
    [InlineData("SKIPPED", "✗ SKIPPED")]
    [InlineData("INTERRUPTED", "✗ INTERRUPTED")]
    public async Task Revision_that_does_not_serve_is_refused_with_the_reason(string status, string said)
    {
        Plane.Steps = ["QUEUED", status];
        Plane.BuildLog.Enqueue(FakeControlPlane.Line("npm says no\u001b[2J", level: "ERROR"));
        Plane.DeployLog.Enqueue(FakeControlPlane.Line("no graph"));
        Home.Write("langgraph.json", "{}");

        var ran = await RunAsync("deploy", Home.Path);

        Assert.Equal((1, ""), (ran.Code, ran.Output));
        Assert.Contains(said, ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', ran.Error);
        Assert.EndsWith($"✗ {status}\n", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failure_says_which_revision_still_serves()
    {
        Plane.Steps = ["BUILDING", "BUILD_FAILED"];
        var serving = Plane.AddRevision(Plane.Add("a").Id, "DEPLOYED");
        Home.Write("langgraph.json", "{}");

        var ran = await RunAsync("deploy", Home.Path, "--name", "a");

        Assert.EndsWith($"▸ revision {serving.Id} goes on serving as before\n✗ BUILD_FAILED\n", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Variables_go_as_secrets_and_their_values_are_printed_nowhere()
    {
        Home.Write("langgraph.json", "{}");
        Home.Write(".env", "MODEL_KEY=sk-very-secret\nEMPTY=\nPORT=99887766\nexport B=\"${MODEL_KEY}!\"\n");

        var ran = await RunAsync("deploy", Home.Path, "--json");
        var plain = await RunAsync("deploy", Home.Path);

        Assert.Equal((0, 0), (ran.Code, plain.Code));
        Assert.All(Plane.Patches, patch => Assert.Equal([("MODEL_KEY", "sk-very-secret"), ("B", "sk-very-secret!")], patch.Secrets!.Select(one => (one.Name, one.Value))));
        Assert.Contains("EMPTY (empty), PORT (set by the platform)", plain.Error, StringComparison.Ordinal);
        Assert.All(new[] { ran.Output, ran.Error, plain.Output, plain.Error }, text => Assert.False(text.Contains("very-secret") || text.Contains("99887766")));
        Assert.Equal(["langgraph.json"], Names(Plane.Uploaded));
    }

    [Fact]
    public async Task Env_file_that_is_given_wins_and_stays_out_of_the_archive()
    {
        Home.Write("langgraph.json", "{}");
        Home.Write(".env", "A=1");

        var ran = await RunAsync("deploy", Home.Path, "--env-file", Home.Write("prod.vars", "B=2"));
        var missing = await RunAsync("deploy", Home.Path, "--env-file", "/nowhere/env");

        Assert.Equal((0, 2), (ran.Code, missing.Code));
        Assert.Equal("B", Assert.Single(Assert.Single(Plane.Patches).Secrets!).Name);
        Assert.Equal(["langgraph.json"], Names(Plane.Uploaded));
    }

    [Fact]
    public async Task Map_of_variables_is_part_of_the_source_and_stored_secrets_stay()
    {
        Home.Write("langgraph.json", """{"env":{"A":"1"}}""");
        Home.Write(".env", "B=2");

        Assert.Equal(0, (await RunAsync("deploy", Home.Path)).Code);
        Assert.Null(Assert.Single(Plane.Patches).Secrets);
    }

    [Theory]
    [InlineData("from-option", "from-process", "from-file", "from-option")]
    [InlineData(null, "from-process", "from-file", "from-process")]
    [InlineData(null, null, "From File_", "from-file")]
    [InlineData(null, null, null, "folder")]
    public void Name_is_taken_from_where_the_official_client_takes_it(string? option, string? process, string? file, string name)
    {
        Home.Write("folder/langgraph.json", "{}");
        var variables = new Dictionary<string, string>();
        if (file is not null) variables["LANGSMITH_DEPLOYMENT_NAME"] = file;
        var around = new Surroundings(variable => variable is "LANGSMITH_DEPLOYMENT_NAME" ? process : null, variables);

        Assert.Equal(name, Project.Read(Path.Combine(Home.Path, "folder"), "langgraph.json").Name(option, around));
    }

    [Fact]
    public async Task Agent_in_an_environment_has_one_deployment_whatever_its_name()
    {
        Home.Write("langgraph.json", "{}");

        var created = await RunAsync("deploy", Home.Path, "--agent-id", "helper", "--agent-environment", "staging");
        Home.Write(".env", "LANGSMITH_AGENT_ID=no\n");
        var again = await RunAsync("deploy", Home.Path, "--agent-id", "helper", "--agent-environment", "staging");

        Assert.Equal(("http://agents/helper-staging\n", "http://agents/helper-staging\n"), (created.Output, again.Output));
        Assert.Equal(2, Plane.Revisions[Assert.Single(Plane.Deployments).Id].Count);
    }

    [Theory]
    [InlineData("--agent-id", "a")]
    [InlineData("--agent-environment", "staging")]
    [InlineData("--agent-id", "a", "--agent-environment", "moon")]
    [InlineData("--agent-id", "a", "--agent-environment", "staging", "--name", "b")]
    [InlineData("--agent-id", "a", "--agent-environment", "staging", "--deployment-id", "6a9a6d1e-9a2b-4a40-8a0c-1a2b3c4d5e6f")]
    public async Task Half_an_agent_or_one_with_a_name_is_misuse(params string[] options)
    {
        Home.Write("langgraph.json", "{}");

        Assert.Equal(2, (await RunAsync(["deploy", Home.Path, .. options])).Code);
        Assert.Empty(Plane.Deployments);
    }

    [Fact]
    public void Agent_is_read_from_the_process_alone_and_a_name_that_is_given_wins()
    {
        var around = new Surroundings(
            name => name switch { "LANGSMITH_AGENT_ID" => "a", "LANGSMITH_AGENT_ENVIRONMENT" => "production", _ => null }, new Dictionary<string, string>());

        Assert.Equal(("a", "production"), AgentChoice.Of(null, null, null, null, around) is { } agent ? (agent.AgentId, agent.Environment) : default);
        Assert.Null(AgentChoice.Of(null, null, "name", null, around));
        Assert.Null(AgentChoice.Of(null, null, null, null, around with { Process = _ => null, File = new Dictionary<string, string> { ["LANGSMITH_AGENT_ID"] = "a" } }));
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"env":"conf/vars"}""")]
    [InlineData("""{"env":{"LANGSMITH_DEPLOYMENT_NAME":"from-project","LANGSMITH_API_KEY":"lsv2_fake"}}""")]
    public async Task Settings_are_read_from_the_projects_variables(string config)
    {
        Home.Write("langgraph.json", config);
        foreach (var file in new[] { ".env", "conf/vars" }) Home.Write(file, "LANGSMITH_DEPLOYMENT_NAME=from-project\nLANGSMITH_API_KEY=lsv2_fake\n");

        var ran = await RunBareAsync("deploy", Home.Path, "--url", Plane.Url);

        Assert.Equal((0, "http://agents/from-project\n"), (ran.Code, ran.Output));
        Assert.DoesNotContain("LANGSMITH_DEPLOYMENT_NAME", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "There is no langgraph.json")]
    [InlineData("{", "is not JSON")]
    public async Task Folder_that_is_no_project_is_misuse(string? config, string said)
    {
        if (config is not null) Home.Write("langgraph.json", config);

        var ran = await RunAsync("deploy", Home.Path);

        Assert.Equal((2, ""), (ran.Code, ran.Output));
        Assert.Contains(said, ran.Error, StringComparison.Ordinal);
        Assert.Empty(Plane.Deployments);
    }

    [Fact]
    public async Task Project_whose_files_are_all_ignored_is_misuse_and_makes_no_deployment()
    {
        Home.Write("langgraph.json", "{}");
        Home.Write(".gitignore", "*\n");

        Assert.Equal(2, (await RunAsync("deploy", Home.Path)).Code);
        Assert.Empty(Plane.Deployments);
    }

    private static List<string> Names(byte[] archive)
    {
        using var gzip = new GZipStream(new MemoryStream(archive), CompressionMode.Decompress);
        using var tar = new TarReader(gzip);
        var names = new List<string>();
        while (tar.GetNextEntry() is { } entry) names.Add(entry.Name);
        return names;
    }
}
