using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pilothouse.Builds.Sandbox;
using Pilothouse.Builds.Tests.AgentServers.JavaScript;
using Pilothouse.Core;
using Pilothouse.Core.Builds;
using Xunit;

namespace Pilothouse.Builds.Tests.AgentServers.Python;

/// <summary>Python projects through the build engine: from an archive, in the sandbox, to an artifact named by its content.</summary>
public sealed class PythonEngineTests : IDisposable
{
    private const string Agent = """
        import office
        from langchain_core.messages import AIMessage
        from langgraph.graph import END, START, MessagesState, StateGraph

        def node(state: MessagesState) -> dict:
            return {"messages": [AIMessage(office.WORD)]}

        graph = StateGraph(MessagesState).add_node("node", node).add_edge(START, "node").add_edge("node", END).compile()
        """;

    private readonly string _root = Directory.CreateTempSubdirectory(".pilothouse-engine-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Two_builds_of_one_source_in_the_sandbox_give_one_artifact_that_runs()
    {
        var source = Archive(
            ("app/langgraph.json", """{"python_version": "3.11", "dependencies": [".", "../office", "httpx-sse"], "graphs": {"agent": "./agent.py:graph"}, "env": ".env"}"""),
            ("app/agent.py", Agent),
            ("office/pyproject.toml", "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n[project]\nname = \"office\"\nversion = \"1.0\"\n"),
            ("office/src/office/__init__.py", "WORD = 'from the office'"));

        var (one, oneLog) = await BuildAsync("one", source);
        var (two, _) = await BuildAsync("two", source);

        var first = Assert.IsType<BuildOutcome.Built>(one, exactMatch: false);
        Assert.Equal(first.Artifact.Digest, Assert.IsType<BuildOutcome.Built>(two, exactMatch: false).Artifact.Digest);
        Assert.Equal("langgraph-api (py) 0.16.7", first.Artifact.ServerVersion);
        Assert.DoesNotContain("hold", oneLog.Text, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_root, "one", "artifacts", first.Artifact.Digest, "src", "app", "__pycache__", "agent.cpython-311.pyc")));
        await using var agent = await RunningAgent.ReadyAsync(
            first.Artifact.Launch, Path.Combine(_root, "one", "artifacts", first.Artifact.Digest), Directory.CreateDirectory(Path.Combine(_root, "state")).FullName);
        var answer = await agent.PostAsync("/runs/wait", new { assistant_id = "agent", input = new { messages = new[] { new { role = "user", content = "hello" } } } });
        Assert.Equal(["hello", "from the office"], RunningAgent.Messages(answer));
    }

    [Fact]
    public async Task Faults_of_one_key_are_told_once()
    {
        var (outcome, _) = await BuildAsync("faults", Archive(
            ("langgraph.json", """{"python_version": "3.10", "pip_installer": "conda", "graphs": {"agent": "./missing.py:graph"}, "auth": {"path": "./guard.py"}}""")));

        var refused = Assert.IsType<BuildOutcome.Refused>(outcome);

        foreach (var key in (string[])["python_version", "pip_installer", "graphs.agent", "auth.path", "dependencies"])
            Assert.Single(refused.Message.Split("langgraph.json: "), part => part.StartsWith(key, StringComparison.Ordinal));
    }

    private async Task<(BuildOutcome Outcome, RecordedLog Log)> BuildAsync(string data, string source)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Builds:DataDirectory"] = Path.Combine(_root, data),
            ["Builds:ToolchainDirectory"] = NodeHost.Toolchains.Directory,
            ["Builds:CacheDirectory"] = NodeHost.Toolchains.CacheDirectory,
        }).Build();
        var services = new ServiceCollection().AddLogging(logging => logging.ClearProviders());
        services.AddBuilds(configuration);
        services.AddSingleton(PackageSources.Of(new Dictionary<string, string> { ["PIP_NO_INDEX"] = "1", ["PIP_FIND_LINKS"] = PythonHost.Wheels }, home: ""));
        await using var provider = services.BuildServiceProvider();
        var log = new RecordedLog();
        var request = new BuildRequest
        {
            Workspace = WorkspaceId.New(),
            Deployment = DeploymentId.New(),
            Revision = RevisionId.New(),
            Source = new BuildSource.Tarball(source, Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(source, TestContext.Current.CancellationToken)))),
            ConfigPath = data is "faults" ? "langgraph.json" : "app/langgraph.json",
        };
        return (await provider.GetRequiredService<IBuildEngine>().BuildAsync(request, log, TestContext.Current.CancellationToken), log);
    }

    private string Archive(params (string Path, string Text)[] files)
    {
        var path = Path.Combine(_root, $"{Guid.NewGuid():N}.tar.gz");
        using var file = File.Create(path);
        using var zip = new GZipStream(file, CompressionLevel.Fastest);
        using var tar = new TarWriter(zip, TarEntryFormat.Pax);
        foreach (var (name, text) in files)
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)) });
        return path;
    }
}
