using Xunit;

namespace Pilothouse.Builds.Tests.AgentServers.Python;

/// <summary>Wrong projects, each with the sentence that its author reads before anything is installed.</summary>
public sealed class PythonFaultsTests : IDisposable
{
    private const string Good = """ "dependencies": ["."], "graphs": {"agent": "./agent.py:graph"} """;

    private readonly string _root = Directory.CreateTempSubdirectory("pilothouse-faults-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private IReadOnlyList<string> Faults(string config, params (string Path, string Text)[] files) =>
        PythonHost.Server.Faults(PythonHost.Project(_root, "langgraph.json", [("langgraph.json", config), ("agent.py", "graph = 1\n"), .. files]));

    [Theory]
    [InlineData("""{"dependencies": ["."]}""", "langgraph.json: graphs is missing or empty; name at least one graph, e.g. \"graphs\": {\"agent\": \"./agent.py:graph\"}.")]
    [InlineData("""{"dependencies": ["."], "graphs": {}}""", "langgraph.json: graphs is missing or empty; name at least one graph, e.g. \"graphs\": {\"agent\": \"./agent.py:graph\"}.")]
    [InlineData("""{"dependencies": ["."], "graphs": {"agent": 7}}""", "langgraph.json: graphs.agent must be a string like ./agent.py:graph.")]
    [InlineData("""{"dependencies": ["."], "graphs": {"agent": {"description": "x"}}}""", "langgraph.json: graphs.agent must be a string like ./agent.py:graph.")]
    [InlineData("""{"dependencies": ["."], "graphs": {"agent": "./agent.py"}}""", "langgraph.json: graphs.agent is \"./agent.py\"; it must name a file or module and an object in it, like ./agent.py:graph.")]
    [InlineData("""{"dependencies": ["."], "graphs": {"agent": "./agent.py:"}}""", "langgraph.json: graphs.agent is \"./agent.py:\"; it must name a file or module and an object in it, like ./agent.py:graph.")]
    [InlineData("""{"dependencies": ["."], "graphs": {"agent": "./src/other.py:graph"}}""", "langgraph.json: graphs.agent points to ./src/other.py:graph, which does not exist.")]
    [InlineData("""{"dependencies": ["."], "graphs": {"agent": "../agent.py:graph"}}""", "langgraph.json: graphs.agent points to ../agent.py:graph, which is outside the uploaded source.")]
    [InlineData("""{"dependencies": ["."], "graphs": {"agent": "./agent.py:grpah"}}""", "langgraph.json: graphs.agent points to ./agent.py:grpah, but there is no 'grpah' in that file.")]
    [InlineData("""{"dependencies": ["."], "graphs": {"agent": "./agent.txt:graph"}}""", "langgraph.json: graphs.agent points to ./agent.txt:graph, which is no Python file.")]
    [InlineData("""{"dependencies": ["."], "graphs": {"agent": "./agent.ts:graph"}}""", "langgraph.json: graphs.agent points to ./agent.ts:graph, which is JavaScript; the in-memory Python server runs Python only. Deploy it as a project of its own, without python_version.")]
    [InlineData("""{"dependencies": ["."], "graphs": {"agent": "my agent:graph"}}""", "langgraph.json: graphs.agent points to my agent:graph, which is neither a file (./path/to/file.py:name) nor a module (package.module:name).")]
    [InlineData("""{"dependencies": ["."], "graphs": {"agent": "office.missing:graph"}}""", "langgraph.json: graphs.agent points to office.missing:graph, but there is no module office.missing in office.")]
    [InlineData("""{"graphs": {"agent": "./agent.py:graph"}}""", "langgraph.json: dependencies is missing or empty; name the project's own folder and its packages, e.g. \"dependencies\": [\".\"].")]
    [InlineData("""{"dependencies": [], "graphs": {"agent": "./agent.py:graph"}}""", "langgraph.json: dependencies is missing or empty; name the project's own folder and its packages, e.g. \"dependencies\": [\".\"].")]
    [InlineData("""{"dependencies": [".", 3], "graphs": {"agent": "./agent.py:graph"}}""", "langgraph.json: dependencies holds 3; each must be a folder like \".\" or a package like \"langchain-openai>=1.0\".")]
    [InlineData("""{"dependencies": [".", "./nowhere"], "graphs": {"agent": "./agent.py:graph"}}""", "langgraph.json: dependencies points to ./nowhere, which does not exist.")]
    [InlineData("""{"dependencies": ["./agent.py"], "graphs": {"agent": "./agent.py:graph"}}""", "langgraph.json: dependencies points to ./agent.py, which is a file; name its folder instead.")]
    [InlineData("""{"dependencies": [".."], "graphs": {"agent": "./agent.py:graph"}}""", "langgraph.json: dependencies points to .., which is outside the uploaded source.")]
    [InlineData("""{"dependencies": ["--index-url x"], "graphs": {"agent": "./agent.py:graph"}}""", "langgraph.json: dependencies holds \"--index-url x\", which is neither a folder (they begin with a dot) nor a package like \"langchain-openai>=1.0\".")]
    [InlineData("""{"dependencies": ["x @ git+https://me:secret@git.example/x"], "graphs": {"agent": "./agent.py:graph"}}""", "langgraph.json: dependencies holds an address with a user or password in it; keep credentials out of the source and let the operator's package sources have them.")]
    [InlineData("""{"dependencies": ["./my-flat"], "graphs": {"agent": "./agent.py:graph"}}""", "langgraph.json: dependencies points to ./my-flat, which has an __init__.py, but 'my-flat' cannot be imported because of its hyphen; rename the folder, e.g. to my_flat.")]
    [InlineData("""{"dependencies": ["./langgraph"], "graphs": {"agent": "./agent.py:graph"}}""", "langgraph.json: dependencies points to ./langgraph, which would be imported as 'langgraph', a name of the agent server's own packages; rename the folder.")]
    [InlineData("""{"dependencies": ["langgraph==0.2.6"], "graphs": {"agent": "./agent.py:graph"}}""", "The project has langgraph ==0.2.6 (langgraph.json); the agent server langgraph-api 0.16.7 needs >=0.4.10,<2. Change the requirement and deploy again.")]
    [InlineData("""{"dependencies": ["langgraph-api<0.5"], "graphs": {"agent": "./agent.py:graph"}}""", "The project has langgraph-api <0.5 (langgraph.json), which cannot be run here; it needs >=0.11.1,<0.17. Change the requirement or leave it out: the agent server is no package of the project.")]
    public void Wrong_graphs_and_dependencies_are_told(string config, string fault)
    {
        Assert.Equal([fault], Faults(config, ("agent.ts", ""), ("agent.txt", ""), ("office/__init__.py", ""), ("my-flat/__init__.py", ""), ("langgraph/__init__.py", "")));
    }

    [Theory]
    [InlineData("\"python_version\": 3.11", "langgraph.json: python_version must be a string like \"3.11\", not 3.11.")]
    [InlineData("\"python_version\": \"3.11.4\"", "langgraph.json: python_version is \"3.11.4\"; give major and minor version only, like \"3.11\".")]
    [InlineData("\"python_version\": \"3.10\"", "langgraph.json: python_version is \"3.10\", but the agent server needs Python 3.11 or newer.")]
    [InlineData("\"python_version\": \"2.7\"", "langgraph.json: python_version is \"2.7\", but the agent server needs Python 3.11 or newer.")]
    [InlineData("\"pip_installer\": \"conda\"", "langgraph.json: pip_installer is \"conda\"; it must be \"auto\", \"pip\" or \"uv\".")]
    [InlineData("\"pip_config_file\": \"./pip.conf\"", "langgraph.json: pip_config_file points to ./pip.conf, which does not exist.")]
    [InlineData("\"pip_config_file\": \"../pip.conf\"", "langgraph.json: pip_config_file points to ../pip.conf, which is outside the uploaded source.")]
    [InlineData("\"pip_config_file\": true", "langgraph.json: pip_config_file must be a string like ./pip.conf.")]
    [InlineData("\"package\": \"agent\"", "langgraph.json: package is no key of langgraph.json any more; use source.package.")]
    [InlineData("\"project_root\": \".\"", "langgraph.json: project_root is no key of langgraph.json any more; use source.root.")]
    [InlineData("\"source\": {\"kind\": \"poetry\"}", "langgraph.json: source.kind is \"poetry\"; the only kind there is, is \"uv\".")]
    [InlineData("\"source\": {}", "langgraph.json: source.kind is missing; the only kind there is, is \"uv\".")]
    [InlineData("\"api_version\": \"0.5\"", "langgraph.json: api_version is \"0.5\", which cannot be run here; supported is langgraph-api >=0.11.1,<0.17.")]
    [InlineData("\"api_version\": \"newest\"", "langgraph.json: api_version is \"newest\"; it must be a version of langgraph-api like \"0.16\" or \"0.16.7\".")]
    [InlineData("\"auth\": {\"path\": \"./guard.py\"}", "langgraph.json: auth.path is \"./guard.py\"; it must name a file or module and an object in it, like ./auth.py:auth.")]
    [InlineData("\"auth\": {\"path\": \"./guard.py:auth\"}", "langgraph.json: auth.path points to ./guard.py:auth, which does not exist.")]
    [InlineData("\"http\": {\"app\": \"./web.py:app\"}", "langgraph.json: http.app points to ./web.py:app, which does not exist.")]
    [InlineData("\"http\": {\"app\": 1}", "langgraph.json: http.app must be a string like ./http.py:app.")]
    [InlineData("\"encryption\": {\"path\": \"x\"}", "langgraph.json: encryption.path is \"x\"; it must name a file or module and an object in it, like ./encryption.py:encryption.")]
    [InlineData("\"checkpointer\": {\"path\": \"./saver.py:make\"}", "langgraph.json: checkpointer.path points to ./saver.py:make, which does not exist.")]
    [InlineData("\"store\": {\"index\": {\"embed\": \"./embed.py:fn\"}}", "langgraph.json: store.index.embed points to ./embed.py:fn, which does not exist.")]
    public void Wrong_keys_are_told(string key, string fault)
    {
        Assert.Equal([fault], Faults($"{{{key}, {Good}}}"));
    }

    [Theory]
    [InlineData("requirements.txt", "uvicorn==0.20.0  # old\nlangchain-core>=0.3\n", "The project has uvicorn ==0.20.0 (requirements.txt); the agent server langgraph-api 0.16.7 needs >=0.26.0. Change the requirement and deploy again.")]
    [InlineData("requirements.txt", "-c limits.txt\n", "The project has protobuf <5 (limits.txt); the agent server langgraph-api 0.16.7 needs >=6.32.1,<7. Change the requirement and deploy again.")]
    [InlineData("pyproject.toml", "[project]\nname = 'x'\nversion = '1'\ndependencies = [\n  'httpx', # fine\n  \"Starlette[full] ~= 0.40; python_version > '3'\",\n  'LangChain_Core<0.3',\n]\n", "The project has langchain-core <0.3 (pyproject.toml); the agent server langgraph-api 0.16.7 needs >=0.3.64. Change the requirement and deploy again.")]
    public void Packages_that_the_server_cannot_run_with_are_told_from_the_files(string file, string text, string fault)
    {
        Assert.Equal([fault], Faults($"{{{Good}}}", (file, text), ("limits.txt", "protobuf<5\n")));
    }

    [Fact]
    public void Faults_of_a_uv_project_are_told()
    {
        var faults = Faults("""{"source": {"kind": "uv", "root": "..", "package": ""}, "dependencies": ["."], "graphs": {"agent": "./agent.py:graph"}}""");

        Assert.Equal(
            [
                "langgraph.json: source.package must be a string that is not empty.",
                "langgraph.json: source.kind \"uv\" takes the packages from uv.lock; remove dependencies.",
                "langgraph.json: source.root is \"..\", which is outside the uploaded source; deploy from the folder that holds pyproject.toml and uv.lock.",
            ],
            faults);
    }

    [Fact]
    public void Uv_project_without_its_files_is_told_what_is_missing()
    {
        Assert.Equal(
            [
                "langgraph.json: source.kind is \"uv\", but there is no pyproject.toml in . of the uploaded source.",
                "langgraph.json: source.kind is \"uv\", but there is no uv.lock in . of the uploaded source; run 'uv lock' and deploy again.",
            ],
            Faults("""{"source": {"kind": "uv"}, "graphs": {"agent": "./agent.py:graph"}}"""));
    }

    [Fact]
    public void Locked_packages_that_the_server_cannot_run_with_are_told()
    {
        const string Lock = "version = 1\n\n[[package]]\nname = \"langgraph\"\nversion = \"0.3.0\"\nsource = { registry = \"x\" }\n\n[[package]]\nname = \"uvicorn\"\nversion = \"0.1\"\n";

        Assert.Equal(
            ["The project has langgraph ==0.3.0 (uv.lock); the agent server langgraph-api 0.16.7 needs >=0.4.10,<2. Change the requirement and deploy again."],
            Faults("""{"source": {"kind": "uv"}, "graphs": {"agent": "./agent.py:graph"}}""", ("uv.lock", Lock), ("pyproject.toml", "")));
    }

    [Fact]
    public void Every_fault_is_told_at_once()
    {
        Assert.Equal(3, Faults("""{"python_version": "3.8", "graphs": {"agent": "./missing.py:graph"}}""").Count);
    }

    [Theory]
    [InlineData("""{"dependencies": ["."], "graphs": {"agent": "./agent.py:graph"}, "env": ".env"}""")]
    [InlineData("""{"dependencies": ["."], "graphs": {"agent": "agent:graph"}, "python_version": "3.11-bookworm", "api_version": "0.16", "unknown_key": 1}""")]
    [InlineData("""{"dependencies": ["."], "graphs": {"agent": "agent.py:graph", "other": {"path": "some_package.graphs:make", "description": "x"}}}""")]
    [InlineData("""{"dependencies": ["./star", "langchain[openai]>=1; python_version < '3.13'", "x @ git+https://git.example/x"], "graphs": {"agent": "./star/agent.py:anything"}}""")]
    [InlineData("""{"dependencies": ["."], "graphs": {"agent": "./agent.py:graph"}, "store": {"index": {"embed": "openai:text-embedding-3-small"}}, "checkpointer": {"ttl": {"default_ttl": 1}}}""")]
    [InlineData("""{"dependencies": ["."], "graphs": {"agent": "./agent.py:graph"}, "python_version": null, "pip_installer": null, "pip_config_file": null, "source": null, "api_version": null, "package": null}""")]
    [InlineData("""{"dependencies": ["."], "graphs": {"agent": "./agent.py:graph"}, "auth": {"path": null}, "http": {"app": null}, "checkpointer": {"path": null}, "store": {"index": {"embed": null}}, "env": null}""")]
    public void Right_projects_have_no_faults(string config)
    {
        Assert.Empty(Faults(config, ("star/agent.py", "from elsewhere import *\n")));
    }
}
