using System.Text;
using Pilothouse.Builds.AgentServers;
using Xunit;

namespace Pilothouse.Builds.Tests.Projects;

public sealed class ProjectReadingTests
{
    private const string Graphs = "\"graphs\":{\"agent\":\"./src/agent.ts:graph\"}";

    /// <summary>A configuration, and the one sentence that says what to fix.</summary>
    public static TheoryData<string, string> Wrong() => new()
    {
        { "", "langgraph.json: line 1 is not valid JSON (The input does not contain any JSON tokens)." },
        { "{\n  \"graphs\": {\n    \"agent\": \"./src/agent.ts:graph\",\n  }\n}", "langgraph.json: line 4 is not valid JSON (The JSON object contains a trailing comma at the end which is not supported in this mode)." },
        { "{\n// hello\n}", "langgraph.json: line 2 is not valid JSON ('/' is invalid after a value)." },
        { "[]", "langgraph.json: the file must hold a JSON object, like {\"graphs\": {…}}; it holds a list." },
        { "null", "langgraph.json: the file must hold a JSON object, like {\"graphs\": {…}}; it holds null." },
        { "{\"graphs\":{\"a\":\"./src/agent.ts:graph\",\"a\":\"./src/agent.ts:graph\"}}", "langgraph.json: the file is not valid JSON (Duplicate property 'a' encountered during deserialization)." },
        { $"{new string('[', 40)}{new string(']', 40)}", "langgraph.json: line 1 is not valid JSON (The maximum configured depth of 32 has been exceeded)." },
        { "{\"graphs\":{\"a\":\"./src/\\ud800.ts:graph\"}}", "langgraph.json: graphs.a holds a NUL or half a character (\\ud800…); remove it." },
        { "{\"graphs\":{\"\\ud800\":\"./src/a.ts:graph\"}}", "langgraph.json: a name in it holds half a character (\\ud800…); remove it." },
        { $"{{{Graphs},\"env\":{{\"A\":\"b\\u0000c\"}}}}", "langgraph.json: env.A holds a NUL or half a character (\\ud800…); remove it." },
        { "{}", "langgraph.json: graphs is missing or empty; name at least one graph, e.g. \"graphs\": {\"agent\": \"./src/agent.ts:graph\"}." },
        { "{\"graphs\":[]}", "langgraph.json: graphs is missing or empty; name at least one graph, e.g. \"graphs\": {\"agent\": \"./src/agent.ts:graph\"}." },
        { "{\"graphs\":{\"agent\":7}}", "langgraph.json: graphs.agent is 7; it must name a Python, JavaScript or TypeScript file and what it exports, like ./src/agent.ts:graph." },
        { "{\"graphs\":{\"agent\":\"./src/agent.rb:graph\"}}", "langgraph.json: graphs.agent is \"./src/agent.rb:graph\"; it must name a Python, JavaScript or TypeScript file and what it exports, like ./src/agent.ts:graph." },
        { "{\"graphs\":{\"js\":\"./src/agent.ts:graph\",\"py\":\"./src/agent.py:graph\"}}", "langgraph.json: graphs has JavaScript (js) and Python (py); the in-memory agent servers run one language each, so deploy them as two deployments." },
        { $"{{{Graphs},\"node_version\":\"20.1\"}}", "langgraph.json: node_version is \"20.1\"; give the major version only, e.g. \"20\"." },
        { $"{{{Graphs},\"node_version\":18}}", "langgraph.json: node_version 18 is not supported; use 20 or newer." },
        { $"{{{Graphs},\"node_version\":\"$(touch x)\"}}", "langgraph.json: node_version is \"$(touch x)\"; give a major version, e.g. \"22\"." },
        { $"{{{Graphs},\"python_version\":\"3.10\"}}", "langgraph.json: python_version 3.10 is not supported; use 3.11 or newer." },
        { $"{{{Graphs},\"python_version\":3.11}}", "langgraph.json: python_version is 3.11; give major and minor version as a text, like \"3.11\"." },
        { $"{{{Graphs},\"python_version\":\"3.11.2\"}}", "langgraph.json: python_version is \"3.11.2\"; give major and minor version as a text, like \"3.11\"." },
        { $"{{{Graphs},\"pip_installer\":\"conda\"}}", "langgraph.json: pip_installer is \"conda\"; it must be one of auto, pip, uv." },
        { $"{{{Graphs},\"pip_config_file\":\"./pip.conf\"}}", "langgraph.json: pip_config_file points to ./pip.conf, which does not exist." },
        { $"{{{Graphs},\"pip_config_file\":\"/etc/pip.conf\"}}", "langgraph.json: pip_config_file points to /etc/pip.conf, which is outside the uploaded source." },
        { $"{{{Graphs},\"dependencies\":\".\"}}", "langgraph.json: dependencies must be a list, like [\".\", \"langchain_openai\"]; it is a text." },
        { $"{{{Graphs},\"dependencies\":[\".\",1]}}", "langgraph.json: dependencies[1] must be a text, like [\".\", \"langchain_openai\"]; it is a number." },
        { $"{{{Graphs},\"dependencies\":[\"../other\"]}}", "langgraph.json: dependencies[0] points to ../other, which is outside the uploaded source." },
        { $"{{{Graphs},\"dependencies\":[\"./missing\"]}}", "langgraph.json: dependencies[0] points to ./missing, which does not exist in the uploaded source." },
        { $"{{{Graphs},\"dependencies\":[\"--index-url=http://evil\"]}}", "langgraph.json: dependencies[0] is \"--index-url=http://evil\"; options are not allowed, only folders like \".\" and packages." },
        { $"{{{Graphs},\"dependencies\":[\"pkg @ git+https://me:secret@host/repo\"]}}", "langgraph.json: dependencies[0] has a user or password in its address; give credentials to the package manager instead." },
        { $"{{{Graphs},\"env\":[\"A=b\"]}}", "langgraph.json: env must be an object, like {\"LOG_LEVEL\": \"debug\"} or \".env\"; it is a list." },
        { $"{{{Graphs},\"env\":{{\"A=B\":\"c\"}}}}", "langgraph.json: env.A=B is no name of an environment variable." },
        { $"{{{Graphs},\"env\":{{\"A\":{{}}}}}}", "langgraph.json: env.A must be a text; it is an object." },
        { $"{{{Graphs},\"env\":\"../../.env\"}}", "langgraph.json: env points to ../../.env, which is outside the uploaded source." },
        { $"{{{Graphs},\"source\":{{\"kind\":\"poetry\"}}}}", "langgraph.json: source.kind must be \"uv\"." },
        { $"{{{Graphs},\"source\":{{\"kind\":\"uv\",\"root\":\"\"}}}}", "langgraph.json: source.root is empty; leave it out or name something." },
        { $"{{{Graphs},\"source\":{{\"kind\":\"uv\",\"root\":\"..\"}}}}", "langgraph.json: source.root points to .., which is outside the uploaded source." },
        { $"{{{Graphs},\"source\":{{\"kind\":\"uv\"}},\"dependencies\":[\".\"]}}", "langgraph.json: dependencies cannot stand beside source of kind uv, which takes them from pyproject.toml; remove one of the two." },
        { $"{{{Graphs},\"project_root\":\".\"}}", "langgraph.json: project_root is not a key any more; write \"source\": {\"kind\": \"uv\", \"root\": …}." },
        { $"{{{Graphs},\"auth\":\"./auth.ts:auth\"}}", "langgraph.json: auth must be an object, like {\"path\": \"./auth.py:auth\"}; it is a text." },
        { $"{{{Graphs},\"auth\":{{\"path\":\"./auth.ts\"}}}}", "langgraph.json: auth.path is \"./auth.ts\"; it must be in the format './path/to/file.py:attribute_name'." },
        { $"{{{Graphs},\"encryption\":{{}}}}", "langgraph.json: encryption.path is missing; it must be in the format './path/to/file.py:attribute_name'." },
        { $"{{{Graphs},\"priority\":{{\"path\":\":x\"}}}}", "langgraph.json: priority.path is \":x\"; it must be in the format './path/to/file.py:attribute_name'." },
        { $"{{{Graphs},\"http\":{{\"app\":\"app\"}}}}", "langgraph.json: http.app is \"app\"; it must be in the format './path/to/file.py:attribute_name'." },
        { $"{{{Graphs},\"http\":{{\"disable_mcp\":\"yes\"}}}}", "langgraph.json: http.disable_mcp must be true or false; it is a text." },
        { $"{{{Graphs},\"http\":{{\"cors\":{{\"allow_origins\":\"*\"}}}}}}", "langgraph.json: http.cors.allow_origins must be a list, like [\"*\"]; it is a text." },
        { $"{{{Graphs},\"store\":{{\"index\":{{\"dims\":-1}}}}}}", "langgraph.json: store.index.dims must be a number above 0." },
        { $"{{{Graphs},\"checkpointer\":{{\"ttl\":{{\"strategy\":\"forget\"}}}}}}", "langgraph.json: checkpointer.ttl.strategy must be \"delete\" or \"keep_latest\"." },
        { $"{{{Graphs},\"webhooks\":{{\"headers\":{{\"x\":1}}}}}}", "langgraph.json: webhooks.headers.x must be a text, like \"a text\"; it is a number." },
        { $"{{{Graphs},\"ui\":{{\"agent\":\"../../etc/passwd\"}}}}", "langgraph.json: ui.agent points to ../../etc/passwd, which is outside the uploaded source." },
        { $"{{{Graphs},\"ui_config\":[]}}", "langgraph.json: ui_config must be an object, like {\"shared\": [\"react\"]}; it is a list." },
        { $"{{{Graphs},\"keep_pkg_tools\":[\"poetry\"]}}", "langgraph.json: keep_pkg_tools must be true, false or a list of pip, setuptools, wheel." },
        { $"{{{Graphs},\"image_distro\":\"bullseye\"}}", "langgraph.json: image_distro is \"bullseye\"; it must be one of debian, wolfi, bookworm." },
        { $"{{{Graphs},\"dockerfile_lines\":\"RUN x\"}}", "langgraph.json: dockerfile_lines must be a list, like [\"RUN apt-get update\"]; it is a text." },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Wrong_configuration_is_refused_with_the_sentence_that_says_what_to_fix(string config, string sentence)
    {
        using var folder = new ProjectFolder().Write("langgraph.json", config);

        Assert.Equal([sentence], folder.Read().Faults);
    }

    [Theory]
    [InlineData("../langgraph.json", "The configuration path '../langgraph.json' leads upwards by '..'; give it as a path below the root of the source, like app/langgraph.json.")]
    [InlineData("/etc/passwd", "The configuration path '/etc/passwd' is absolute; give it as a path below the root of the source, like app/langgraph.json.")]
    [InlineData("", "The configuration path '' has no name; give it as a path below the root of the source, like app/langgraph.json.")]
    [InlineData("a\\langgraph.json", "The configuration path 'a\\langgraph.json' has a backslash in its name; give it as a path below the root of the source, like app/langgraph.json.")]
    [InlineData("langgraph.json\0.txt", "The configuration path 'langgraph.json\\u0000.txt' has a NUL in its name; give it as a path below the root of the source, like app/langgraph.json.")]
    [InlineData("a\nb", "The configuration path 'a\\u000ab' has a control character in its name; give it as a path below the root of the source, like app/langgraph.json.")]
    [InlineData("$(touch canary)", "The source has no $(touch canary); deploy from the folder that holds it, or give its path in langgraph_config_path.")]
    [InlineData("--config", "The source has no --config; deploy from the folder that holds it, or give its path in langgraph_config_path.")]
    [InlineData("src", "The source has no src; deploy from the folder that holds it, or give its path in langgraph_config_path.")]
    [InlineData(".", "The source has no .; deploy from the folder that holds it, or give its path in langgraph_config_path.")]
    public void Configuration_path_stays_inside_the_source(string path, string sentence)
    {
        using var folder = new ProjectFolder().Write("langgraph.json", $"{{{Graphs}}}");

        Assert.Equal([sentence], folder.Read(path).Faults);
    }

    [Theory]
    [InlineData("npm ci; touch x")]
    [InlineData("npm ci & touch x")]
    [InlineData("npm ci &&& touch x")]
    [InlineData("npm ci | tee x")]
    [InlineData("npm ci > x")]
    [InlineData("npm ci < x")]
    [InlineData("echo $HOME")]
    [InlineData("echo `id`")]
    [InlineData("echo \"a\"")]
    [InlineData("a\\b")]
    [InlineData("a\nb")]
    [InlineData("a\rb")]
    [InlineData("a\tb")]
    [InlineData("a\0b")]
    [InlineData("a\u001bb")]
    [InlineData("a\u2028b")]
    public void Commands_with_what_only_a_shell_understands_are_refused(string command)
    {
        using var folder = new ProjectFolder().Write("langgraph.json", $"{{{Graphs}}}");

        var faults = folder.Read(install: command, build: command).Faults;

        Assert.Equal(2, faults.Count);
        Assert.StartsWith("install_command contains disallowed characters or patterns.", faults[0], StringComparison.Ordinal);
        Assert.StartsWith("build_command contains disallowed characters or patterns.", faults[1], StringComparison.Ordinal);
    }

    [Fact]
    public void All_faults_are_told_at_once()
    {
        using var folder = new ProjectFolder().Write("langgraph.json", "{\"graphs\":{},\"node_version\":\"x\",\"env\":1,\"store\":2,\"dependencies\":[\"./none\"]}");

        Assert.Equal(6, folder.Read(install: "-x").Faults.Count);
    }

    [Fact]
    public void Faults_that_are_not_text_are_told_too()
    {
        using var folder = new ProjectFolder().Write("langgraph.json", [0x7b, 0xff, 0x7d]);
        Assert.Equal(["langgraph.json: the file is not UTF-8 text; save it as UTF-8."], folder.Read().Faults);

        folder.Write("langgraph.json", new string(' ', 100_000));
        Assert.Equal(["langgraph.json: the file is larger than 98304 bytes; a configuration is a few lines."], folder.Read().Faults);
    }

    [Fact]
    public void What_does_nothing_here_is_named_and_ignored()
    {
        using var folder = new ProjectFolder().Write("langgraph.json", $$"""
            {{{Graphs}}, "dockerfile_lines": ["RUN x"], "base_image": "x", "api_version": "1", "keep_pkg_tools": true, "store": { "ttl": { } }, "grphs": 1, "python_version": "3.12", "custom": 1, "pip_installer": null}
            """);

        var reading = folder.Read();

        Assert.Empty(reading.Faults);
        Assert.Equal(
            [
                "langgraph.json: grphs is no key that is known; did you mean graphs?",
                "langgraph.json: custom is no key that is known; it is ignored.",
                "langgraph.json: base_image is about a container image; this build makes none, so it is ignored.",
                "langgraph.json: dockerfile_lines is about a container image; this build makes none, so it is ignored.",
                "langgraph.json: keep_pkg_tools is about a container image; this build makes none, so it is ignored.",
                "langgraph.json: python_version is not used by the JavaScript agent server in memory; it is ignored.",
                "langgraph.json: api_version is not used by the JavaScript agent server in memory; it is ignored.",
                "langgraph.json: store is not used by the JavaScript agent server in memory; it is ignored.",
            ],
            reading.Warnings);
    }

    [Fact]
    public void What_the_Python_server_goes_by_is_not_called_ignored()
    {
        using var folder = new ProjectFolder().Write("langgraph.json", """
            {"graphs": {"agent": "./src/agent.py:graph"}, "python_version": "3.11-bookworm", "api_version": "0.16", "image_distro": "wolfi", "node_version": "20",
             "pip_installer": "uv", "store": {"ttl": {}}, "checkpointer": {"ttl": {}}, "webhooks": {}, "http": {}, "auth": {}, "env": ".env"}
            """);

        var reading = folder.Read();

        Assert.Empty(reading.Faults);
        Assert.Equal(
            [
                "langgraph.json: image_distro is about a container image; this build makes none, so it is ignored.",
                "langgraph.json: node_version is not used by the Python agent server in memory; it is ignored.",
            ],
            reading.Warnings);
    }

    [Theory]
    [InlineData("{\"agent\":\"./src/agent.ts:graph\"}", "JavaScript")]
    [InlineData("{\"agent\":{\"path\":\"./src/agent.mjs:graph\",\"description\":\"x\"}}", "JavaScript")]
    [InlineData("{\"agent\":\"./src/agent.py:graph\"}", "Python")]
    [InlineData("{\"agent\":\"my_agent.graph:make\"}", "Python")]
    [InlineData("{\"agent\":\"./src/agent.py:graph\",\"odd\":1}", "Python")]
    public void Graphs_tell_the_agent_server(string graphs, string kind)
    {
        using var folder = new ProjectFolder().Write("langgraph.json", Encoding.UTF8.GetBytes($"\uFEFF{{\"graphs\":{graphs}}}"));

        Assert.Equal(Enum.Parse<AgentServerKind>(kind), folder.Read().Kind);
    }

    [Fact]
    public void Environment_file_of_any_name_is_found_and_a_missing_one_is_normal()
    {
        using var folder = new ProjectFolder()
            .Write("app/langgraph.json", "{\"graphs\":{\"agent\":\"../src/agent.ts:graph\"},\"dependencies\":[\"..\"],\"env\":\"../prod.env\"}");
        Assert.Null(folder.Read("app/langgraph.json").EnvFile);

        folder.Write("prod.env", "KEY=1");
        var reading = folder.Read("./app//langgraph.json");

        Assert.Empty(reading.Faults);
        Assert.Equal(Path.Combine(folder.Root, "prod.env"), reading.EnvFile);
        Assert.Equal("app", reading.Project!.RelativeFolder);
    }
}
