using System.Text.Json;
using Xunit;

namespace Pilothouse.Builds.Tests.AgentServers.JavaScript;

public sealed class JavaScriptServerTests(BuiltEcho echo) : IClassFixture<BuiltEcho>
{
    private static object Run(string text) => new { assistant_id = "agent", input = new { messages = new[] { new { role = "user", content = text } } } };

    [Fact]
    public async Task Agent_answers_and_streams_step_by_step()
    {
        await using var agent = await RunningAgent.ReadyAsync(echo.Launch, echo.Artifact, echo.NewState());

        var answer = await agent.PostAsync("/runs/wait", Run("hello"));
        var stream = await StreamAsync(agent, "3 steps of 50 ms");

        Assert.Equal(["hello", "echo: hello"], RunningAgent.Messages(answer));
        Assert.Equal(3, stream.Count(line => line.Contains("\"step\"", StringComparison.Ordinal)));
        Assert.Contains(stream, line => line.Contains("echo: 3 steps of 50 ms", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Threads_survive_a_stop_and_nothing_is_written_into_the_artifact()
    {
        var state = echo.NewState();
        var before = Files(echo.Artifact);
        string thread;
        await using (var agent = await RunningAgent.ReadyAsync(echo.Launch, echo.Artifact, state))
        {
            thread = await NewThreadAsync(agent);
            await agent.PostAsync($"/threads/{thread}/runs/wait", Run("first"));
            Assert.Equal(0, await agent.StopAsync());
        }

        await using (var agent = await RunningAgent.ReadyAsync(echo.Launch, echo.Artifact, state))
        {
            await agent.PostAsync($"/threads/{thread}/runs/wait", Run("second"));

            Assert.Equal(["first", "echo: first", "second", "echo: second"], await agent.MessagesAsync(thread));
        }

        Assert.Equal(before, Files(echo.Artifact));
        Assert.True(File.Exists(Path.Combine(state, ".langgraph_api", ".langgraphjs_ops.json")));
    }

    [Fact]
    public async Task Run_under_way_at_the_stop_completes_after_the_start_without_taking_its_input_twice()
    {
        var state = echo.NewState();
        string thread;
        await using (var agent = await RunningAgent.ReadyAsync(echo.Launch, echo.Artifact, state))
        {
            thread = await NewThreadAsync(agent);
            await agent.PostAsync($"/threads/{thread}/runs", Run("4 steps of 200 ms"));
            await EventuallyAsync(async () => (await agent.BusyAsync()).Length == 1);
            await agent.StopAsync();
        }

        await using (var agent = await RunningAgent.ReadyAsync(echo.Launch, echo.Artifact, state))
        {
            await EventuallyAsync(async () => (await agent.BusyAsync()).Length == 0);

            Assert.Equal(["4 steps of 200 ms", "echo: 4 steps of 200 ms"], await agent.MessagesAsync(thread));
        }
    }

    [Fact]
    public async Task State_is_on_disk_soon_after_a_change_so_that_a_kill_loses_little()
    {
        var state = echo.NewState();
        string thread;
        await using (var agent = await RunningAgent.ReadyAsync(echo.Launch, echo.Artifact, state))
        {
            thread = await NewThreadAsync(agent);
            await agent.PostAsync($"/threads/{thread}/runs/wait", Run("kept"));
            // Steady load puts the server's own write off for ever; ours comes all the same.
            await EventuallyAsync(async () =>
            {
                await agent.PostAsync("/runs/wait", Run("load"));
                // Each file is written when its time has come; the thread is in both.
                string[] files = [".langgraphjs_api.checkpointer.json", ".langgraphjs_ops.json"];
                return files.Select(file => Path.Combine(state, ".langgraph_api", file))
                    .All(file => File.Exists(file) && File.ReadAllText(file).Contains(thread, StringComparison.Ordinal));
            });
            await agent.KillAsync();
        }

        await using (var agent = await RunningAgent.ReadyAsync(echo.Launch, echo.Artifact, state))
        {
            Assert.Equal(["kept", "echo: kept"], await agent.MessagesAsync(thread));
        }
    }

    [Fact]
    public async Task Busy_probe_names_runs_under_way_with_and_without_a_thread_and_none_after()
    {
        await using var agent = await RunningAgent.ReadyAsync(echo.Launch, echo.Artifact, echo.NewState());
        var thread = await NewThreadAsync(agent);
        Assert.Empty(await agent.BusyAsync());

        var run = await agent.PostAsync($"/threads/{thread}/runs", Run("6 steps of 100 ms"));
        var threadless = agent.PostAsync("/runs/wait", Run("6 steps of 100 ms"));

        await EventuallyAsync(async () => (await agent.BusyAsync()).Length == 2);
        Assert.Contains(run.GetProperty("run_id").GetString(), await agent.BusyAsync());
        await threadless;
        await EventuallyAsync(async () => (await agent.BusyAsync()).Length == 0);
    }

    [Fact]
    public async Task Damaged_state_file_ends_the_start_instead_of_being_emptied()
    {
        var state = echo.NewState();
        Directory.CreateDirectory(Path.Combine(state, ".langgraph_api"));
        var file = Path.Combine(state, ".langgraph_api", ".langgraphjs_ops.json");
        await File.WriteAllTextAsync(file, "{\"json\":{\"runs\":", TestContext.Current.CancellationToken);

        await using var agent = RunningAgent.Start(echo.Launch, echo.Artifact, state);

        Assert.Equal(1, await agent.ExitAsync());
        Assert.Contains("cannot be read", agent.Output, StringComparison.Ordinal);
        Assert.Equal("{\"json\":{\"runs\":", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Port_that_is_taken_ends_the_start()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();

        await using var agent = RunningAgent.Start(echo.Launch, echo.Artifact, echo.NewState(), ((System.Net.IPEndPoint)taken.LocalEndpoint).Port);

        Assert.Equal(1, await agent.ExitAsync());
        Assert.Contains("EADDRINUSE", agent.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_can_empty_the_server_from_outside()
    {
        await using var agent = await RunningAgent.ReadyAsync(echo.Launch, echo.Artifact, echo.NewState());
        var thread = await NewThreadAsync(agent);

        using var answer = await agent.Client.PostAsync(
            "/internal/truncate", new StringContent("{\"threads\":true}", System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);

        Assert.Equal(System.Net.HttpStatusCode.InternalServerError, answer.StatusCode);
        using var found = await agent.Client.GetAsync($"/threads/{thread}", TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.OK, found.StatusCode);
    }

    [Fact]
    public async Task Output_is_JSON_lines_with_a_level_and_probes_are_not_in_it()
    {
        await using var agent = await RunningAgent.ReadyAsync(echo.Launch, echo.Artifact, echo.NewState());
        await agent.PostAsync("/runs/wait", Run("hello"));
        await agent.StopAsync();

        var lines = agent.Output.Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToArray();

        Assert.All(lines, line => Assert.True(line.TryGetProperty("level", out _)));
        Assert.Contains(lines, line => line.GetProperty("event").GetString()!.Contains("POST /runs/wait", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.GetProperty("event").GetString()!.Contains("/ok", StringComparison.Ordinal));
    }

    private static async Task<string> NewThreadAsync(RunningAgent agent) =>
        (await agent.PostAsync("/threads", new { })).GetProperty("thread_id").GetString()!;

    private static async Task<string[]> StreamAsync(RunningAgent agent, string text)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/runs/stream")
        {
            Content = System.Net.Http.Json.JsonContent.Create(new
            {
                assistant_id = "agent",
                stream_mode = new[] { "custom", "values" },
                input = new { messages = new[] { new { role = "user", content = text } } },
            }),
        };
        using var answer = await agent.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n');
    }

    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (!await condition()) await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System, limit.Token);
    }

    private static string[] Files(string folder) =>
        [.. new DirectoryInfo(folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).Select(entry => $"{entry.FullName} {entry.LastWriteTimeUtc:O}").Order(StringComparer.Ordinal)];
}
