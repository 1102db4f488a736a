using Pilothouse.Builds.Tests.AgentServers;
using Pilothouse.Builds.Tests.AgentServers.JavaScript;
using Pilothouse.Builds.Tests.Sources;
using Pilothouse.Core.Builds;
using Xunit;

namespace Pilothouse.Builds.Tests;

/// <summary>Archives as clients send them, built with real package managers, and run.</summary>
public sealed class RealBuildTests
{
    private static byte[] Echo(string below = "", Func<string, string, string?>? change = null, params (string Name, string Text)[] more)
    {
        var files = Directory.EnumerateFiles(NodeHost.EchoSample, "*", SearchOption.AllDirectories)
            .Select(path => (Name: Path.GetRelativePath(NodeHost.EchoSample, path), Text: File.ReadAllText(path)))
            .Where(file => !file.Name.StartsWith("node_modules", StringComparison.Ordinal))
            .Select(file => (Name: below + file.Name, Text: change is null ? file.Text : change(file.Name, file.Text)))
            .Where(file => file.Text is not null).Select(file => (file.Name, Text: file.Text!));
        return TarText.Of([.. files.Concat(more).Select(file => (Action<TarText>)(tar => tar.File(file.Name, file.Text)))]);
    }

    private static async Task<string[]> AnswerAsync(EngineHost host, Artifact artifact)
    {
        var state = Directory.CreateDirectory(Path.Combine(host.Data, "state")).FullName;
        await using var agent = await RunningAgent.ReadyAsync(artifact.Launch, host.ArtifactFolder(artifact), state);
        return RunningAgent.Messages(await agent.PostAsync("/runs/wait", new { assistant_id = "agent", input = new { messages = new[] { new { role = "user", content = "hello" } } } }));
    }

    [Fact]
    public async Task T25_sample_is_built_to_the_same_digest_in_two_data_directories_found_again_and_answers()
    {
        await using var here = EngineHost.Real();
        await using var there = EngineHost.Real();

        var artifact = await here.BuiltAsync(Echo());
        var other = await there.BuiltAsync(Echo());
        var again = Assert.IsType<BuildOutcome.Built>(await here.BuildAsync(Echo()));

        Assert.Equal(artifact.Digest, other.Digest);
        Assert.True(again.WasThere);
        Assert.Equal(artifact.Digest, again.Artifact.Digest);
        Assert.Equal("langgraph-api (js) 2.0.0", again.Artifact.ServerVersion);
        Assert.Equal(["hello", "echo: hello"], await AnswerAsync(here, artifact));
        Assert.Empty(here.WorkDirectories());
        Assert.DoesNotContain(here.Log.Lines, line => line.StartsWith("WARNING", StringComparison.Ordinal) && line.Contains("holds the path", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Configuration_need_not_be_at_the_root_and_another_Node_comes_from_npm()
    {
        await using var host = EngineHost.Real();
        var source = Echo(below: "apps/agent/", change: (name, text) => name switch
        {
            "langgraph.json" => """{"graphs":{"agent":"./src/agent.ts:graph"},"dependencies":["../.."],"node_version":"22","env":".env"}""",
            "package-lock.json" => null,
            _ => text,
        }, ("package.json", """{"private":true,"workspaces":["apps/*"]}"""), ("apps/agent/.env", "KEY=1"));

        var artifact = await host.BuiltAsync(source, configPath: "apps/agent/langgraph.json", build: "node --version");

        Assert.Contains(host.Log.Lines, line => line.StartsWith("INFO v22.", StringComparison.Ordinal));
        Assert.StartsWith("${toolchain}/node/22.", artifact.Launch.Arguments[0], StringComparison.Ordinal);
        Assert.Equal(["hello", "echo: hello"], await AnswerAsync(host, artifact));
    }

    [Theory]
    [InlineData("yarn@1.22.22", "Auto")]
    [InlineData("yarn@4.18.1", "Auto")]
    [InlineData("pnpm@10.34.9", "Auto")]
    [InlineData("bun@1.4.5", "Auto")]
    public async Task Package_managers_of_all_kinds_install(string packageManager, string sandbox)
    {
        await using var host = EngineHost.Real(("Sandbox", sandbox));
        // One package without dependencies: what is tried here is the package manager in the sandbox.
        var source = Echo(change: (name, text) => name switch
        {
            "package-lock.json" => null,
            "package.json" => $$"""{"private":true,"type":"module","packageManager":"{{packageManager}}","dependencies":{"@langchain/langgraph":"^1.0.0","@langchain/core":"^1.0.1"} }""",
            _ => text,
        });

        var artifact = await host.BuiltAsync(source);

        Assert.True(File.Exists(Path.Combine(host.ArtifactFolder(artifact), "src", "node_modules", "@langchain", "langgraph", "package.json")), host.Log.Text);
        Assert.Empty(host.WorkDirectories());
    }

    [Fact]
    public async Task Registry_that_does_not_answer_is_no_fault_of_the_project()
    {
        await using var host = EngineHost.Real(("Sandbox", "Off"));
        var source = Echo(change: (name, text) => name is "package-lock.json" ? null : text, more: [(".npmrc", "registry=http://127.0.0.1:1/\nfetch-retries=0\nprefer-offline=false\n")]);

        var thrown = await Assert.ThrowsAsync<BuildUnavailableException>(() => host.BuildAsync(source));

        Assert.Contains("ECONNREFUSED", thrown.Message, StringComparison.Ordinal);
        Assert.Empty(host.WorkDirectories());
    }

    [Fact]
    public async Task All_that_can_be_known_before_the_install_is_told_before_it_and_at_once()
    {
        await using var host = EngineHost.Real();
        var source = TarText.Of(
            tar => tar.File("langgraph.json", """{"graphs":{"agent":"./src/agent.ts:graph","other":"./src/other.ts"},"auth":{"path":"./auth.ts"},"node_version":"20.1"}"""),
            tar => tar.File("package.json", """{"dependencies":{"@langchain/langgraph":"0.1.0"}}"""));

        var message = await host.RefusedAsync(source);

        Assert.Contains("langgraph.json: graphs.agent points to ./src/agent.ts:graph, which does not exist.", message, StringComparison.Ordinal);
        Assert.Contains("langgraph.json: graphs.other is \"./src/other.ts\"; it must name a file and an export", message, StringComparison.Ordinal);
        Assert.Contains("The project has @langchain/langgraph 0.1.0 (package.json); the agent server needs", message, StringComparison.Ordinal);
        Assert.Single(host.Log.Lines, line => line.StartsWith("ERROR langgraph.json: auth.path ", StringComparison.Ordinal));
        Assert.Single(host.Log.Lines, line => line.StartsWith("ERROR langgraph.json: node_version ", StringComparison.Ordinal));
        Assert.DoesNotContain(host.Log.Lines, line => line.Contains("$ npm", StringComparison.Ordinal));
    }
}
