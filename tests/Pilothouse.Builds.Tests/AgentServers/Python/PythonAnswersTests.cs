using Xunit;

namespace Pilothouse.Builds.Tests.AgentServers.Python;

/// <summary>samples/echo-py, built and started once.</summary>
public sealed class RunningEcho : IAsyncLifetime
{
    private readonly BuiltEcho _built = new();

    internal RunningAgent Agent { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await _built.InitializeAsync();
        Agent = await RunningAgent.ReadyAsync(_built.Launch, _built.Artifact, _built.NewState());
    }

    public async ValueTask DisposeAsync()
    {
        await Agent.DisposeAsync();
        await _built.DisposeAsync();
    }
}

public sealed class PythonAnswersTests(RunningEcho echo) : IClassFixture<RunningEcho>
{
    private static object Run(string text) => new { assistant_id = "agent", input = new { messages = new[] { new { role = "user", content = text } } } };

    [Fact]
    public async Task Agent_answers_and_streams_step_by_step()
    {
        var agent = echo.Agent;

        var answer = await agent.PostAsync("/runs/wait", Run("hello"));
        var stream = await StreamAsync(agent, "3 steps of 50 ms");

        Assert.Equal(["hello", "echo: hello"], RunningAgent.Messages(answer));
        Assert.Equal(3, stream.Count(line => line.Contains("\"step\"", StringComparison.Ordinal)));
        Assert.Contains(stream, line => line.Contains("echo: 3 steps of 50 ms", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_begins_at_once_instead_of_at_the_next_look_into_the_queue()
    {
        var agent = echo.Agent;
        await agent.PostAsync("/runs/wait", Run("warm"));
        var began = System.Diagnostics.Stopwatch.GetTimestamp();

        for (var i = 0; i < 20; i++) await agent.PostAsync("/runs/wait", Run("quick"));

        // The server looks twice a second.
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Busy_probe_names_runs_under_way_with_and_without_a_thread_and_none_after()
    {
        var agent = echo.Agent;
        var thread = await NewThreadAsync(agent);
        Assert.Empty(await agent.BusyAsync());

        var run = await agent.PostAsync($"/threads/{thread}/runs", Run("6 steps of 100 ms"));
        var threadless = agent.PostAsync("/runs/wait", Run("6 steps of 100 ms"));

        await EventuallyAsync(async () => (await agent.BusyAsync()).Length == 2);
        Assert.Contains(run.GetProperty("run_id").GetString(), await agent.BusyAsync());
        await threadless;
        await EventuallyAsync(async () => (await agent.BusyAsync()).Length == 0);
    }

    [Theory]
    [InlineData("POST", "/internal/truncate")]
    [InlineData("GET", "/internal/debug/thread/00000000-0000-0000-0000-000000000000")]
    [InlineData("POST", "/deploy")]
    [InlineData("GET", "/deploy")]
    public async Task Routes_of_a_developers_machine_are_not_there(string method, string path)
    {
        var agent = echo.Agent;

        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent("{\"threads\":true}", System.Text.Encoding.UTF8, "application/json") };
        using var answer = await agent.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Callers_from_outside_do_not_get_our_own_answers()
    {
        var agent = echo.Agent;

        using var request = new HttpRequestMessage(HttpMethod.Get, "/.pilothouse/busy") { Headers = { { "X-Forwarded-For", "203.0.113.7" } } };
        using var answer = await agent.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
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
}
