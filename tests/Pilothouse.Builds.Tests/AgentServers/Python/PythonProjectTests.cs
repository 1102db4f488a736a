using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Pilothouse.Builds.AgentServers;
using Pilothouse.Builds.AgentServers.Python;
using Pilothouse.Builds.Tests.AgentServers.JavaScript;
using Pilothouse.Builds.Toolchains;
using Pilothouse.Core.Builds;
using Xunit;

namespace Pilothouse.Builds.Tests.AgentServers.Python;

/// <summary>Projects of all shapes, really built, moved and asked.</summary>
public sealed class PythonProjectTests
{
    private static string GraphThatSays(string expression, string imports = "") => $$"""
        from langchain_core.messages import AIMessage
        from langgraph.graph import END, START, MessagesState, StateGraph

        {{imports}}

        async def node(state: MessagesState) -> dict:
            return {"messages": [AIMessage({{expression}})]}

        graph = StateGraph(MessagesState).add_node("node", node).add_edge(START, "node").add_edge("node", END).compile()
        """;

    [Fact]
    public async Task Local_package_with_a_mapped_layout_is_imported_from_its_source_after_the_move()
    {
        await using var built = await BuiltPython.BuildAsync(
            "langgraph.json",
            ("langgraph.json", """{"dependencies": ["."], "graphs": {"agent": {"path": "office_agent.graph:graph", "description": "costs $5 ${port}"}}}"""),
            ("pyproject.toml", """
                [build-system]
                requires = ["setuptools>=73"]
                build-backend = "setuptools.build_meta"
                [project]
                name = "office-agent"
                version = "0.3.1"
                requires-python = ">=3.11"
                dependencies = ["langgraph>=1.0", "httpx-sse"]
                [project.scripts]
                office-agent = "office_agent.graph:main"
                [tool.setuptools]
                packages = ["office_agent"]
                [tool.setuptools.package-dir]
                "office_agent" = "code/agent"
                """),
            ("code/agent/__init__.py", ""),
            ("code/agent/prompt.md", "a prompt that no manifest names"),
            ("code/agent/graph.py", GraphThatSays(
                "f'{version(\"office-agent\")}: {Path(__file__).with_name(\"prompt.md\").read_text()} {child}'",
                // Tools that talk over pipes are started like this, by name.
                "import subprocess\nfrom importlib.metadata import version\nfrom pathlib import Path\n"
                + "child = subprocess.check_output(['python', '-c', 'import httpx_sse, langgraph; print(httpx_sse.__name__)'], text=True).strip()")));

        await using var agent = await RunningAgent.ReadyAsync(built.Launch, built.Artifact, built.NewState());

        Assert.Equal("0.3.1: a prompt that no manifest names httpx_sse", await SaysAsync(agent));
        Assert.Equal("costs $5 ${port}", (await agent.PostAsync("/assistants/search", new { }))[0].GetProperty("description").GetString());
        Assert.StartsWith("#!/usr/bin/env python3", File.ReadAllText(Path.Combine(built.Artifact, "packages", "bin", "office-agent")), StringComparison.Ordinal);
        AssertNothingNames(built.BuiltAt, built.Artifact);
    }

    [Theory]
    [InlineData("poetry-core>=2", "poetry.core.masonry.api", "[tool.poetry]\npackages = [{include = \"maker\", from = \"src\"}]")]
    [InlineData("flit_core>=3.2", "flit_core.buildapi", "")]
    [InlineData("hatchling", "hatchling.build", "[tool.hatch.build.targets.wheel]\npackages = [\"src/maker\"]")]
    public async Task Local_package_of_each_build_backend_is_importable(string requires, string backend, string tool)
    {
        await using var built = await BuiltPython.BuildAsync(
            "langgraph.json",
            ("langgraph.json", """{"dependencies": ["./maker"], "graphs": {"agent": "./agent.py:graph"}}"""),
            ("agent.py", GraphThatSays("maker.WORD", "import maker")),
            ("maker/pyproject.toml", $"""
                [build-system]
                requires = ["{requires}"]
                build-backend = "{backend}"
                [project]
                name = "maker"
                version = "1.0"
                description = "x"
                dependencies = ["langgraph"]
                {tool}
                """),
            ("maker/src/maker/__init__.py", "WORD = 'made'"));

        await using var agent = await RunningAgent.ReadyAsync(built.Launch, built.Artifact, built.NewState());

        Assert.Equal("made", await SaysAsync(agent));
        AssertNothingNames(built.BuiltAt, built.Artifact);
    }

    [Fact]
    public async Task Folders_without_a_manifest_are_importable_also_beside_a_configuration_that_is_not_at_the_root()
    {
        await using var built = await BuiltPython.BuildAsync(
            "apps/agent/langgraph.json",
            ("apps/agent/langgraph.json", """{"python_version": "3.11", "dependencies": [".", "../../shared", "../../flat", "httpx-sse"], "graphs": {"agent": "./src/agent.py:graph"}, "env": {"PRICE": "5 $ ${port}"}}"""),
            ("apps/agent/requirements.txt", "-r more/requirements.txt\n"),
            ("apps/agent/more/requirements.txt", "python-multipart>=0.0.20  # forms\n"),
            ("apps/agent/src/agent.py", GraphThatSays(
                "f'{beside.A} {flat.B} {shared_thing.C} {httpx_sse.__name__} {python_multipart.__name__} {open(\"data.txt\").read()} {os.environ[\"PRICE\"]}'",
                "import os, sys\nimport beside, flat, shared_thing, httpx_sse, python_multipart")),
            ("apps/agent/beside.py", "A = 'beside'"),
            ("apps/agent/data.txt", "data"),
            ("flat/__init__.py", "B = 'flat'"),
            ("shared/shared_thing/__init__.py", "C = 'shared'"));

        await using var agent = await RunningAgent.ReadyAsync(built.Launch, built.Artifact, built.NewState());

        Assert.Equal("beside flat shared httpx_sse python_multipart data 5 $ ${port}", await SaysAsync(agent));
    }

    [Fact]
    public async Task Projects_own_auth_decides_who_may_call_and_its_routes_are_served()
    {
        await using var built = await BuiltPython.BuildAsync(
            "langgraph.json",
            ("langgraph.json", """{"dependencies": ["."], "graphs": {"agent": "./agent.py:graph"}, "auth": {"path": "./guard.py:auth"}, "http": {"app": "./web.py:app", "enable_custom_route_auth": false}}"""),
            ("requirements.txt", "fastapi\n"),
            ("agent.py", GraphThatSays("'in'")),
            ("guard.py", """
                from langgraph_sdk import Auth

                auth = Auth()

                @auth.authenticate
                async def who(authorization: str | None) -> str:
                    if authorization != "Bearer sesame":
                        raise Auth.exceptions.HTTPException(status_code=401, detail="Say the word")
                    return "alice"
                """),
            ("web.py", """
                from fastapi import FastAPI

                app = FastAPI()

                @app.get("/hello/{name}")
                async def hello(name: str) -> dict:
                    return {"hello": name}

                @app.get("/ok")
                async def ok() -> dict:
                    raise RuntimeError("not for the probe")
                """));

        await using var agent = await RunningAgent.ReadyAsync(built.Launch, built.Artifact, built.NewState());

        Assert.True(built.Launch.BringsOwnAuth);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(agent, null, null));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(agent, "X-Auth-Scheme", "langsmith"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(agent, "Authorization", "Bearer sesame"));
        Assert.Equal("you", (await agent.Client.GetFromJsonAsync<JsonElement>("/hello/you", TestContext.Current.CancellationToken)).GetProperty("hello").GetString());
        Assert.Empty(await agent.BusyAsync());
    }

    [Fact]
    public async Task Packages_of_a_uv_lock_are_taken_as_locked()
    {
        const string Project = """
            [project]
            name = "locked-agent"
            version = "0.1"
            requires-python = "==3.11.*"
            dependencies = ["langgraph>=1.0", "httpx-sse"]
            [dependency-groups]
            dev = ["iniconfig"]
            """;
        await using var built = await BuiltPython.BuildAsync(
            "langgraph.json",
            ("langgraph.json", """{"python_version": "3.11", "source": {"kind": "uv"}, "graphs": {"agent": "./agent.py:graph"}}"""),
            ("pyproject.toml", Project),
            ("uv.lock", await LockAsync(Project)),
            ("agent.py", GraphThatSays("f'{httpx_sse.__name__} {find_spec(\"iniconfig\")}'", "import httpx_sse\nfrom importlib.util import find_spec")));

        await using var agent = await RunningAgent.ReadyAsync(built.Launch, built.Artifact, built.NewState());

        Assert.Equal("httpx_sse None", await SaysAsync(agent));
    }

    [Theory]
    [InlineData("sse-starlette==3.3.4", "3.3.4 0.16.7")]
    [InlineData("langgraph-api==0.11.1", "3.3.4 0.11.1")]
    public async Task Server_runs_with_the_projects_own_version_of_what_both_need(string requirement, string versions)
    {
        await using var built = await BuiltPython.BuildAsync(
            "langgraph.json",
            ("langgraph.json", """{"dependencies": ["."], "graphs": {"agent": "./agent.py:graph"}}"""),
            ("requirements.txt", requirement),
            ("agent.py", GraphThatSays("f'{version(\"sse-starlette\")} {version(\"langgraph-api\")}'", "from importlib.metadata import version")));
        var state = built.NewState();
        string thread;
        await using (var agent = await RunningAgent.ReadyAsync(built.Launch, built.Artifact, state))
        {
            Assert.Equal(versions, await SaysAsync(agent));
            thread = (await agent.PostAsync("/threads", new { })).GetProperty("thread_id").GetString()!;
            await agent.PostAsync($"/threads/{thread}/runs/wait", Input);
            Assert.Equal(0, await agent.StopAsync());
        }

        await using (var agent = await RunningAgent.ReadyAsync(built.Launch, built.Artifact, state))
        {
            Assert.Equal(["hello", versions], await agent.MessagesAsync(thread));
        }

        Assert.False(Directory.Exists(Path.Combine(built.Artifact, "packages")));
    }

    [Fact]
    public async Task Packages_that_do_not_go_together_with_the_server_are_refused_with_both_versions()
    {
        await using var built = await BuiltPython.BuildAsync(
            "langgraph.json",
            ("langgraph.json", """{"dependencies": [".", "grpcio-health-checking==1.80.1"], "graphs": {"agent": "./agent.py:graph"}}"""),
            ("agent.py", GraphThatSays("''")));

        var refused = Assert.IsType<AgentServerBuild.Refused>(built.Result);

        Assert.StartsWith("The project's packages and those of the agent server langgraph-api 0.16.7 do not go together: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("grpcio-health-checking>=1.81.0", refused.Message, StringComparison.Ordinal);
        Assert.Contains("grpcio-health-checking==1.80.1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Python_that_cannot_be_had_is_refused_with_those_that_can()
    {
        await using var built = await BuiltPython.BuildAsync(
            "langgraph.json",
            ("langgraph.json", """{"python_version": "3.19", "dependencies": ["."], "graphs": {"agent": "./agent.py:graph"}}"""),
            ("agent.py", GraphThatSays("''")));

        var refused = Assert.IsType<AgentServerBuild.Refused>(built.Result);

        Assert.StartsWith("langgraph.json: python_version is \"3.19\", which is not here and uv could not bring it; this host has Python 3.11", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith("Ask for one of these, or have it installed on the host.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Package_whose_build_fails_is_refused_and_the_log_says_why()
    {
        await using var built = await BuiltPython.BuildAsync(
            "langgraph.json",
            ("langgraph.json", """{"dependencies": ["."], "graphs": {"agent": "./agent.py:graph"}}"""),
            ("agent.py", GraphThatSays("''")),
            ("setup.py", "raise SystemExit('this setup.py has had enough')"));

        var refused = Assert.IsType<AgentServerBuild.Refused>(built.Result);

        Assert.Equal("The project's packages cannot be resolved; the lines above say why.", refused.Message);
        Assert.Contains("this setup.py has had enough", built.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Package_source_that_does_not_answer_is_no_fault_of_the_project()
    {
        var tools = new PythonTools(NodeHost.Toolchains, (command, onLine, stop) => NodeHost.RunCommandAsync(
            command with { Environment = new Dictionary<string, string>(command.Environment, StringComparer.Ordinal) { ["UV_DEFAULT_INDEX"] = "http://127.0.0.1:9/simple", ["UV_HTTP_RETRIES"] = "0", ["UV_FIND_LINKS"] = "", ["PIP_FIND_LINKS"] = "", ["UV_NO_INDEX"] = "0", ["PIP_NO_INDEX"] = "0" } }, onLine, stop));
        var root = Directory.CreateTempSubdirectory("pilothouse-unreachable-").FullName;
        var project = PythonHost.Project(
            Path.Combine(root, "src"), "langgraph.json",
            ("langgraph.json", """{"dependencies": ["a-package-of-nobody"], "graphs": {"agent": "./agent.py:graph"}}"""), ("agent.py", GraphThatSays("''")));

        var unavailable = await Assert.ThrowsAsync<BuildUnavailableException>(() => new PythonServer(tools, new PythonServerTools(NodeHost.Toolchains, tools))
            .BuildAsync(project, NodeHost.RunCommandAsync, new RecordedLog(), TestContext.Current.CancellationToken));

        Assert.StartsWith("A source of Python packages did not answer: ", unavailable.Message, StringComparison.Ordinal);
        Directory.Delete(root, recursive: true);
    }

    [Fact]
    public async Task Graph_that_cannot_be_imported_ends_the_start_and_the_output_says_why()
    {
        await using var built = await BuiltPython.BuildAsync(
            "langgraph.json",
            ("langgraph.json", """{"dependencies": ["."], "graphs": {"agent": "./agent.py:graph"}}"""),
            ("agent.py", GraphThatSays("''", "import nowhere_to_be_found")));
        await using var agent = RunningAgent.Start(built.Launch, built.Artifact, built.NewState());

        Assert.Equal(1, await agent.ExitAsync());

        Assert.Contains("No module named 'nowhere_to_be_found'", agent.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_needs_more_than_Python_is_said_and_left_out()
    {
        await using var built = await BuiltPython.BuildAsync(
            "langgraph.json",
            ("langgraph.json", """{"dependencies": ["."], "graphs": {"agent": "agent.py:graph"}, "ui": {"agent": "./ui.tsx"}, "pip_installer": "pip", "store": {"ttl": {"default_ttl": 60}}, "webhooks": {}}"""),
            ("agent.py", GraphThatSays("'works'")));

        await using var agent = await RunningAgent.ReadyAsync(built.Launch, built.Artifact, built.NewState());

        Assert.Equal("works", await SaysAsync(agent));
        Assert.Contains("WARNING langgraph.json: ui is left out", built.Log.Text, StringComparison.Ordinal);
        Assert.Contains("INFO langgraph.json: pip_installer is \"pip\"; packages are installed by uv", built.Log.Text, StringComparison.Ordinal);
    }

    private static object Input { get; } = new { assistant_id = "agent", input = new { messages = new[] { new { role = "user", content = "hello" } } } };

    private static async Task<string> SaysAsync(RunningAgent agent) => RunningAgent.Messages(await agent.PostAsync("/runs/wait", Input))[^1];

    private static async Task<HttpStatusCode> StatusAsync(RunningAgent agent, string? header, string? value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/threads") { Content = JsonContent.Create(new { }) };
        if (header is not null) request.Headers.TryAddWithoutValidation(header, value);
        using var answer = await agent.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private static async Task<string> LockAsync(string project)
    {
        var folder = Directory.CreateTempSubdirectory("pilothouse-lock-").FullName;
        try
        {
            var log = new RecordedLog();
            await File.WriteAllTextAsync(Path.Combine(folder, "pyproject.toml"), project, TestContext.Current.CancellationToken);
            var uv = await PythonHost.Tools.UvAsync(log, TestContext.Current.CancellationToken);
            var command = uv.Command(["lock", "--no-index", "--python", "3.11"], folder);
            Assert.True(await PythonHost.RunAsync(command, line => log.Write("INFO", line), TestContext.Current.CancellationToken) == 0, log.Text);
            return await File.ReadAllTextAsync(Path.Combine(folder, "uv.lock"), TestContext.Current.CancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void AssertNothingNames(string path, string artifact)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(path);
        Assert.All(Directory.EnumerateFiles(artifact, "*", SearchOption.AllDirectories), file => Assert.False(File.ReadAllBytes(file).AsSpan().IndexOf(bytes) >= 0, file));
    }
}
