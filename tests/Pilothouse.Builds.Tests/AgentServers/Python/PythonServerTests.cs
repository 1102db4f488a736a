using System.Text.Json;
using Xunit;

namespace Pilothouse.Builds.Tests.AgentServers.Python;

public sealed class PythonServerTests(BuiltEcho echo) : IClassFixture<BuiltEcho>
{
    private static object Run(string text) => new { assistant_id = "agent", input = new { messages = new[] { new { role = "user", content = text } } } };

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
        Assert.True(File.Exists(Path.Combine(state, ".langgraph_api", ".langgraph_ops.pckl")));
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
    public async Task State_is_on_disk_a_second_after_a_change_so_that_a_kill_loses_little()
    {
        var state = echo.NewState();
        string thread;
        await using (var agent = await RunningAgent.ReadyAsync(echo.Launch, echo.Artifact, state))
        {
            thread = await NewThreadAsync(agent);
            await agent.PostAsync($"/threads/{thread}/runs/wait", Run("kept"));
            // Reading a thread makes the server itself forget to save checkpoints; ours are saved all the same, also under load.
            await agent.MessagesAsync(thread);
            await EventuallyAsync(async () =>
            {
                await agent.PostAsync("/runs/wait", Run("load"));
                return Contains(state, ".langgraph_checkpoint.1.pckl", thread) && Contains(state, ".langgraph_ops.pckl", "success");
            });
            await agent.KillAsync();
        }

        await using (var agent = await RunningAgent.ReadyAsync(echo.Launch, echo.Artifact, state))
        {
            Assert.Equal(["kept", "echo: kept"], await agent.MessagesAsync(thread));
        }
    }

    [Fact]
    public async Task Run_under_way_at_a_kill_completes_after_the_start_and_leaves_its_thread_free()
    {
        var state = echo.NewState();
        string thread;
        await using (var agent = await RunningAgent.ReadyAsync(echo.Launch, echo.Artifact, state))
        {
            thread = await NewThreadAsync(agent);
            await agent.PostAsync($"/threads/{thread}/runs", Run("8 steps of 250 ms"));
            await EventuallyAsync(() => Task.FromResult(Contains(state, ".langgraph_ops.pckl", "running") && Contains(state, ".langgraph_checkpoint.1.pckl", thread)));
            await agent.KillAsync();
        }

        await using (var agent = await RunningAgent.ReadyAsync(echo.Launch, echo.Artifact, state))
        {
            await EventuallyAsync(async () => (await agent.BusyAsync()).Length == 0);
            await agent.PostAsync($"/threads/{thread}/runs/wait", Run("next"));

            Assert.Equal(["8 steps of 250 ms", "echo: 8 steps of 250 ms", "next", "echo: next"], await agent.MessagesAsync(thread));
        }
    }

    [Fact]
    public async Task Stop_with_an_open_stream_is_prompt_and_its_run_completes_after_the_start()
    {
        var state = echo.NewState();
        string thread;
        await using (var agent = await RunningAgent.ReadyAsync(echo.Launch, echo.Artifact, state))
        {
            thread = await NewThreadAsync(agent);
            // The server would take the end of the connection for the caller's wish to cancel.
            var stream = agent.Client.PostAsync($"/threads/{thread}/runs/stream", System.Net.Http.Json.JsonContent.Create(new { assistant_id = "agent", on_disconnect = "cancel", input = new { messages = new[] { new { role = "user", content = "30 steps of 200 ms" } } } }), TestContext.Current.CancellationToken);
            await EventuallyAsync(async () => (await agent.BusyAsync()).Length == 1);
            var began = System.Diagnostics.Stopwatch.GetTimestamp();

            Assert.Equal(0, await agent.StopAsync());

            Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(began), TimeSpan.Zero, echo.Launch.StopLimit);
            await Assert.ThrowsAnyAsync<Exception>(async () => await (await stream).Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        await using (var agent = await RunningAgent.ReadyAsync(echo.Launch, echo.Artifact, state))
        {
            await EventuallyAsync(async () => (await agent.BusyAsync()).Length == 0);

            Assert.Equal(["30 steps of 200 ms", "echo: 30 steps of 200 ms"], await agent.MessagesAsync(thread));
        }
    }

    [Fact]
    public async Task Stops_do_not_use_up_the_attempts_of_a_run()
    {
        var state = echo.NewState();
        var launch = echo.Launch with { Environment = new Dictionary<string, string>(echo.Launch.Environment, StringComparer.Ordinal) { ["BG_JOB_MAX_RETRIES"] = "1" } };
        var thread = "";
        for (var stop = 0; stop < 2; stop++)
        {
            await using var agent = await RunningAgent.ReadyAsync(launch, echo.Artifact, state);
            if (stop == 0)
            {
                thread = await NewThreadAsync(agent);
                await agent.PostAsync($"/threads/{thread}/runs", Run("3 steps of 400 ms"));
            }

            await EventuallyAsync(async () => (await agent.BusyAsync()).Length == 1);
            await agent.StopAsync();
        }

        await using var last = await RunningAgent.ReadyAsync(launch, echo.Artifact, state);
        await EventuallyAsync(async () => (await last.BusyAsync()).Length == 0);

        Assert.Equal(["3 steps of 400 ms", "echo: 3 steps of 400 ms"], await last.MessagesAsync(thread));
    }

    [Fact]
    public async Task Boot_on_scratch_state_leaves_no_trace()
    {
        var state = echo.NewState();
        await using (var agent = await RunningAgent.ReadyAsync(echo.Launch, echo.Artifact, state, scratch: true))
        {
            await agent.PostAsync("/runs/wait", Run("hello"));
            await agent.StopAsync();
        }

        Assert.Empty(Directory.EnumerateFiles(state, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Damaged_state_file_ends_the_start_instead_of_being_emptied()
    {
        var state = echo.NewState();
        Directory.CreateDirectory(Path.Combine(state, ".langgraph_api"));
        var file = Path.Combine(state, ".langgraph_api", ".langgraph_ops.pckl");
        await File.WriteAllTextAsync(file, "damaged", TestContext.Current.CancellationToken);

        await using var agent = RunningAgent.Start(echo.Launch, echo.Artifact, state);

        Assert.Equal(1, await agent.ExitAsync());
        Assert.Contains("cannot be read", agent.Output, StringComparison.Ordinal);
        Assert.Equal("damaged", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Port_that_is_taken_ends_the_start()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();

        await using var agent = RunningAgent.Start(echo.Launch, echo.Artifact, echo.NewState(), ((System.Net.IPEndPoint)taken.LocalEndpoint).Port);

        Assert.Equal(1, await agent.ExitAsync());
        Assert.Contains("Address already in use", agent.Output, StringComparison.Ordinal);
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

    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (!await condition()) await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System, limit.Token);
    }

    private static bool Contains(string state, string file, string text)
    {
        var path = Path.Combine(state, ".langgraph_api", file);
        return File.Exists(path) && File.ReadAllText(path, System.Text.Encoding.Latin1).Contains(text, StringComparison.Ordinal);
    }

    private static string[] Files(string folder) =>
        [.. new DirectoryInfo(folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).Select(entry => $"{entry.FullName} {entry.LastWriteTimeUtc:O}").Order(StringComparer.Ordinal)];
}
