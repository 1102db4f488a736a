using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using Pilothouse.Builds.AgentServers;
using Pilothouse.Builds.AgentServers.Python;
using Pilothouse.Builds.Tests.AgentServers.JavaScript;
using Pilothouse.Builds.Toolchains;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Builds.Tests.AgentServers.Python;

/// <summary>The keys of langgraph.json that the server or the installer takes, on projects that are really built and asked.</summary>
public sealed class PythonKeysTests
{
    private const string Agent = """
        import os
        from langchain_core.messages import AIMessage
        from langgraph.graph import END, START, MessagesState, StateGraph

        async def node(state: MessagesState) -> dict:
            return {"messages": [AIMessage(os.environ["LG_WEBHOOK_TOKEN"])]}

        builder = StateGraph(MessagesState).add_node("node", node).add_edge(START, "node").add_edge("node", END)
        graph = builder.compile()

        async def make():
            return builder.compile()
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Store_searches_by_the_projects_own_embedding_and_graphs_of_every_form_answer()
    {
        await using var built = await BuiltPython.BuildAsync("langgraph.json", [.. s_files]);
        await using var agent = await RunningAgent.ReadyAsync(built.Launch, built.Artifact, built.NewState());

        foreach (var (key, text) in ((string, string)[])[("one", "cats purr"), ("two", "dogs bark")])
        {
            using var put = await agent.Client.PutAsJsonAsync("/store/items", new { @namespace = new[] { "animals" }, key, value = new { text } }, Cancel);
            Assert.True(put.IsSuccessStatusCode, $"{put.StatusCode} {agent.Output}");
        }

        var found = await agent.PostAsync("/store/items/search", new { namespace_prefix = new[] { "animals" }, query = "dogs" });

        Assert.Equal(["two", "one"], found.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("key").GetString()));
        foreach (var graph in (string[])["agent", "made"])
            Assert.Equal("sesame", RunningAgent.Messages(await agent.PostAsync("/runs/wait", Run(graph)))[^1]);
    }

    [Fact]
    public async Task Webhooks_carry_the_headers_that_the_project_names_and_go_only_where_it_allows()
    {
        await using var built = await BuiltPython.BuildAsync("langgraph.json", [.. s_files]);
        await using var agent = await RunningAgent.ReadyAsync(built.Launch, built.Artifact, built.NewState());
        using var receiver = new HttpListener();
        var address = $"http://localhost:{FreePort.Take()}/";
        receiver.Prefixes.Add(address);
        receiver.Start();

        var arriving = receiver.GetContextAsync();
        await agent.PostAsync("/runs", Run("agent", $"{address}hook"));
        var arrived = await arriving.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, Cancel);
        arrived.Response.Close();
        using var refused = await agent.Client.PostAsJsonAsync("/runs", Run("agent", "http://elsewhere.example/hook"), Cancel);

        Assert.Equal("token sesame", arrived.Request.Headers["X-Token"]);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
    }

    [Fact]
    public async Task Packages_come_from_the_sources_of_pip_config_file_too()
    {
        var root = Directory.CreateTempSubdirectory("pilothouse-pip-").FullName;
        Directory.CreateDirectory(Path.Combine(root, "operator"));
        await WriteWheelAsync(Path.Combine(root, "index", "only-there"));
        var tools = new PythonTools(NodeHost.Toolchains, (command, onLine, stop) => NodeHost.RunCommandAsync(
            command with { Environment = OperatorsSources(command.Environment, Path.Combine(root, "operator")) }, onLine, stop));
        var project = PythonHost.Project(
            Path.Combine(root, "build", "src"), "langgraph.json",
            ("langgraph.json", """{"dependencies": ["only-there"], "graphs": {"agent": "./agent.py:graph"}, "pip_config_file": "./pip.conf", "env": {"LG_WEBHOOK_TOKEN": "x"}}"""),
            ("pip.conf", $"[global]\nindex-url = http://127.0.0.1:9/simple\nextra-index-url =\n    {Address(Path.Combine(root, "index"))}\n"),
            ("agent.py", "import only_there\n" + Agent));
        var log = new RecordedLog();

        var result = await new PythonServer(tools, new PythonServerTools(NodeHost.Toolchains, tools))
            .BuildAsync(project, (command, onLine, stop) => NodeHost.RunCommandAsync(command, onLine, stop), log, Cancel);

        Assert.True(result is AgentServerBuild.Ready, $"{result}\n{log.Text}");
        Assert.True(File.Exists(Path.Combine(root, "build", "packages", "only_there.py")), log.Text);
        Directory.Delete(root, recursive: true);
    }

    private static readonly (string, string)[] s_files =
    [
        ("langgraph.json", """
            {
              "python_version": "3.11", "dependencies": ["."], "env": {"LG_WEBHOOK_TOKEN": "sesame"},
              "graphs": {"agent": "./agent.py:graph", "made": {"path": "agent:make", "description": "made anew for each run"}},
              "store": {"index": {"embed": "./embedding.py:embed", "dims": 2, "fields": ["text"]}, "ttl": {"default_ttl": 60, "refresh_on_read": true}},
              "checkpointer": {"ttl": {"strategy": "delete", "default_ttl": 60, "sweep_interval_minutes": 5}},
              "webhooks": {"headers": {"x-token": "token ${{ env.LG_WEBHOOK_TOKEN }}"}, "url": {"allowed_domains": ["localhost"], "disable_loopback": false, "require_https": false}}
            }
            """),
        ("agent.py", Agent),
        ("embedding.py", """
            async def embed(texts: list[str]) -> list[list[float]]:
                return [[float("cat" in text), float("dog" in text)] for text in texts]
            """),
    ];

    private static Dictionary<string, object> Run(string graph, string? webhook = null)
    {
        var run = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["assistant_id"] = graph,
            ["input"] = new { messages = new[] { new { role = "user", content = "hello" } } },
        };
        if (webhook is not null) run["webhook"] = webhook;
        return run;
    }

    /// <summary>An index of their own besides the wheels, so that the project's <c>index-url</c> must not win.</summary>
    private static Dictionary<string, string> OperatorsSources(IReadOnlyDictionary<string, string> environment, string index) => new(environment, StringComparer.Ordinal)
    {
        ["PIP_NO_INDEX"] = "0",
        ["UV_NO_INDEX"] = "0",
        ["PIP_FIND_LINKS"] = PythonHost.Wheels,
        ["UV_FIND_LINKS"] = PythonHost.Wheels,
        ["UV_DEFAULT_INDEX"] = Address(index),
    };

    private static string Address(string folder) => new Uri(folder).AbsoluteUri;

    /// <summary>A folder as an index has it for a package of one module (PEP 503, PEP 427).</summary>
    private static async Task WriteWheelAsync(string folder)
    {
        const string file = "only_there-1.0-py3-none-any.whl";
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "index.html"), $"<!DOCTYPE html><html><body><a href=\"{file}\">{file}</a></body></html>", Cancel);
        using var wheel = ZipFile.Open(Path.Combine(folder, file), ZipArchiveMode.Create);
        foreach (var (name, text) in ((string, string)[])
        [
            ("only_there.py", "WORD = 'found'\n"),
            ("only_there-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: only-there\nVersion: 1.0\n"),
            ("only_there-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
            ("only_there-1.0.dist-info/RECORD", "only_there.py,,\nonly_there-1.0.dist-info/METADATA,,\nonly_there-1.0.dist-info/WHEEL,,\nonly_there-1.0.dist-info/RECORD,,\n"),
        ])
        {
            await using var entry = new StreamWriter(wheel.CreateEntry(name).Open(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            await entry.WriteAsync(text);
        }
    }
}
