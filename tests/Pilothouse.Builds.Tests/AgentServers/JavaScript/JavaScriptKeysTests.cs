using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Pilothouse.Builds.AgentServers;
using Xunit;

namespace Pilothouse.Builds.Tests.AgentServers.JavaScript;

/// <summary>The keys of langgraph.json that the server takes, on a project that is really installed and asked.</summary>
public sealed class JavaScriptKeysTests(JavaScriptKeysTests.Built built) : IClassFixture<JavaScriptKeysTests.Built>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Graphs_of_every_form_answer_with_what_env_says()
    {
        await using var agent = await StartAsync();

        foreach (var graph in (string[])["agent", "made", "usual"])
        {
            var answer = await agent.PostAsync("/runs/wait", new { assistant_id = graph, input = new { messages = new[] { new { role = "user", content = "hello" } } } });
            Assert.Equal(["hello", "5 $ ${port} 7 alice"], RunningAgent.Messages(answer));
        }
    }

    [Fact]
    public async Task Projects_own_auth_decides_who_may_call_and_no_header_of_the_studio_passes_it()
    {
        await using var agent = await StartAsync();

        Assert.True(built.Launch.BringsOwnAuth);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(agent, null, null));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(agent, "X-Auth-Scheme", "langsmith"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(agent, "Authorization", "Bearer another"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(agent, "Authorization", "Bearer sesame"));
        agent.Client.DefaultRequestHeaders.Authorization = null;
        Assert.Empty(await agent.BusyAsync());
    }

    [Fact]
    public async Task Routes_of_the_project_are_served_others_taken_away_and_its_origins_allowed()
    {
        await using var agent = await StartAsync();

        var hello = await agent.Client.GetFromJsonAsync<JsonElement>("/hello/you", Cancel);
        using var store = await agent.Client.PostAsJsonAsync("/store/items/search", new { namespace_prefix = Array.Empty<string>() }, Cancel);

        Assert.Equal("you", hello.GetProperty("hello").GetString());
        Assert.Equal(HttpStatusCode.NotFound, store.StatusCode);
        Assert.Equal("https://shop.example", await AllowedOriginAsync(agent, "https://shop.example"));
        Assert.NotEqual("https://other.example", await AllowedOriginAsync(agent, "https://other.example"));
    }

    [Fact]
    public async Task Components_of_ui_are_built_at_the_start_and_delivered()
    {
        await using var agent = await StartAsync();

        var page = await EventuallyAsync(async () =>
        {
            using var answer = await agent.Client.PostAsJsonAsync("/ui/agent", new { name = "weather" }, Cancel);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync(Cancel) : null;
        });
        var script = await agent.Client.GetStringAsync("/ui/agent/entrypoint.js", Cancel);

        Assert.Contains("/ui/agent/entrypoint.js", page, StringComparison.Ordinal);
        Assert.Contains("sunny in the script", script, StringComparison.Ordinal);
    }

    private async Task<RunningAgent> StartAsync()
    {
        var agent = await RunningAgent.ReadyAsync(built.Launch, built.Artifact, built.NewState());
        agent.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sesame");
        return agent;
    }

    private static async Task<HttpStatusCode> StatusAsync(RunningAgent agent, string? header, string? value)
    {
        agent.Client.DefaultRequestHeaders.Authorization = null;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/threads") { Content = JsonContent.Create(new { }) };
        if (header is not null) request.Headers.TryAddWithoutValidation(header, value);
        using var answer = await agent.Client.SendAsync(request, Cancel);
        return answer.StatusCode;
    }

    private static async Task<string?> AllowedOriginAsync(RunningAgent agent, string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/info");
        request.Headers.Add("Origin", origin);
        using var answer = await agent.Client.SendAsync(request, Cancel);
        return answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var values) ? values.Single() : null;
    }

    private static async Task<string> EventuallyAsync(Func<Task<string?>> read)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (true)
        {
            if (await read() is { } found) return found;
            await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System, limit.Token);
        }
    }

    /// <summary>Moved after the build, as every artifact is.</summary>
    public sealed class Built : IAsyncLifetime
    {
        private readonly string _root = Directory.CreateTempSubdirectory("pilothouse-keys-").FullName;

        internal Core.Launching.LaunchSpec Launch { get; private set; } = null!;

        internal string Artifact => Path.Combine(_root, "artifact");

        internal string NewState() => Directory.CreateDirectory(Path.Combine(_root, $"state-{Guid.NewGuid():N}")).FullName;

        public async ValueTask InitializeAsync()
        {
            var source = Path.Combine(_root, "build", "src");
            foreach (var (name, text) in s_files)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(source, name))!);
                await File.WriteAllTextAsync(Path.Combine(source, name), text);
            }

            var project = NodeHost.Project(source);
            var log = new RecordedLog();
            Assert.Empty(NodeHost.Server.Faults(project));
            var result = await NodeHost.Server.BuildAsync(project, NodeHost.RunCommandAsync, log, CancellationToken.None);
            Launch = result is AgentServerBuild.Ready ready ? ready.Launch : throw new InvalidOperationException($"{result}\n{log.Text}");
            Directory.Move(Path.Combine(_root, "build"), Artifact);
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(_root, recursive: true);
            return ValueTask.CompletedTask;
        }
    }

    private static readonly (string Name, string Text)[] s_files =
    [
        ("langgraph.json", """
            {
              "graphs": {
                "agent": {"path": "./src/agent.mts:graph", "description": "costs $5 ${port}"},
                "made": "./src/agent.mts:make",
                "usual": {"path": "./src/agent.mts:default", "description": null}
              },
              "env": {"GREETING": "5 $ ${port}", "NUMBER": 7},
              "auth": {"path": "./src/guard.ts:auth", "disable_studio_auth": false},
              "http": {"app": "./src/web.ts:app", "disable_store": true, "disable_meta": null, "cors": {"allow_origins": ["https://shop.example"]}},
              "ui": {"agent": "./src/ui.tsx"},
              "ui_config": {"shared": ["left-out"]}
            }
            """),
        ("package.json", """
            {"private": true, "type": "module", "dependencies": {"@langchain/core": "^1.0.1", "@langchain/langgraph": "^1.0.0", "@langchain/langgraph-sdk": "*", "hono": "^4.0.0"}}
            """),
        ("src/agent.mts", """
            import { AIMessage } from "@langchain/core/messages";
            import { MessagesAnnotation, StateGraph, type LangGraphRunnableConfig } from "@langchain/langgraph";

            const builder = new StateGraph(MessagesAnnotation)
              .addNode("node", (_: unknown, config: LangGraphRunnableConfig) => ({
                messages: [new AIMessage(`${process.env.GREETING} ${process.env.NUMBER} ${config.configurable?.langgraph_auth_user_id}`)],
              }))
              .addEdge("__start__", "node")
              .addEdge("node", "__end__");

            export const graph = builder.compile();
            export const make = async () => builder.compile();
            export default graph;
            """),
        ("src/guard.ts", """
            import { Auth, HTTPException } from "@langchain/langgraph-sdk/auth";

            export const auth = new Auth().authenticate(async (request: Request) => {
              if (request.headers.get("authorization") !== "Bearer sesame") throw new HTTPException(401, { message: "Say the word" });
              return "alice";
            });
            """),
        ("src/web.ts", """
            import { Hono } from "hono";

            export const app = new Hono();
            app.get("/hello/:name", (context) => context.json({ hello: context.req.param("name") }));
            app.get("/ok", () => { throw new Error("not for the probe"); });
            """),
        ("src/ui.tsx", """
            import "left-out";

            export default { weather: () => <b>sunny in the script</b> };
            """),
    ];
}
