using System.Text.Json;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Cli.Tests.Deploy;

/// <summary>Control planes that go away, waiting that ends early, and people who have enough of it.</summary>
public sealed class DeployInterruptedTests : CliTests
{
    [Theory]
    [InlineData("GET", "/v2/deployments")]
    [InlineData("POST", "/v2/deployments")]
    [InlineData("POST", "/upload-url")]
    [InlineData("PUT", "/up/1")]
    public async Task Call_that_nobody_takes_is_made_again_once_somebody_does(string method, string path)
    {
        Home.Write("langgraph.json", "{}");
        using var door = new Door(Plane.Url);
        Plane.UploadsAt = door.Url;
        var isShut = false;
        Plane.Answers = context =>
        {
            // Else the next call would go over the connection that is there.
            context.Response.Headers.Connection = "close";
            if (isShut || context.Request.Method != method || !context.Request.Path.Value!.EndsWith(path, StringComparison.Ordinal)) return true;
            isShut = true;
            door.Shut();
            return true;
        };
        await using var error = new SharedText();

        var running = PilothouseCommand.RunAsync(["deploy", Home.Path, "--name", "a", "--url", door.Url, "--api-key", FakeControlPlane.Key], TextWriter.Null, error, Cancel);
        await Eventually.TrueAsync(() => error.ToString().Contains("waiting for it"));
        door.Open();

        Assert.Equal(0, await running);
        Assert.Single(Plane.Deployments);
        Assert.Single(Plane.Patches);
        Assert.NotEmpty(Plane.Uploaded);
        Assert.Single(error.ToString().Split('\n'), line => line.Contains("waiting for it", StringComparison.Ordinal));
        Assert.Contains("answers again", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", "/v2/deployments")]
    [InlineData("PUT", "/up/1")]
    [InlineData("PATCH", "")]
    public async Task Call_that_may_have_been_done_is_not_made_again(string method, string path)
    {
        Home.Write("langgraph.json", "{}");
        var calls = 0;
        Plane.Answers = context => context.Request.Method != method || !context.Request.Path.Value!.EndsWith(path, StringComparison.Ordinal) || Interlocked.Increment(ref calls) == 0;

        var ran = await RunAsync("deploy", Home.Path, "--name", "a");

        Assert.Equal((3, ""), (ran.Code, ran.Output));
        Assert.Equal(1, calls);
        Assert.Contains("whether it was done is not known", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Control_plane_that_restarts_while_its_revision_is_watched_is_waited_for()
    {
        Home.Write("langgraph.json", "{}");
        Plane.BuildLog.Enqueue(FakeControlPlane.Line("installing"));
        var cut = 0;
        Plane.Answers = context => !context.Request.Path.Value!.EndsWith("/build_logs", StringComparison.Ordinal) || Interlocked.Increment(ref cut) > 5;

        var ran = await RunAsync("deploy", Home.Path, "--name", "a");

        Assert.Equal(0, ran.Code);
        Assert.Single(ran.Error.Split('\n'), line => line.Contains("installing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Timeout_ends_the_waiting_and_says_that_the_deployment_goes_on()
    {
        Plane.Steps = ["BUILDING"];
        Home.Write("langgraph.json", "{}");

        var ran = await RunAsync("deploy", Home.Path, "--name", "a", "--timeout", "1", "--json");

        var lines = ran.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal((1, ""), (ran.Code, ran.Error));
        Assert.Equal(
            $"not waited for any longer than 1 s; the deployment goes on at the control plane (now BUILDING): see 'pilothouse revisions {Plane.Deployments[0].Id}'",
            lines[^2].GetProperty("message").GetString());
        Assert.Equal(("result", "BUILDING"), (lines[^1].GetProperty("event").GetString(), lines[^1].GetProperty("status").GetString()));
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task Signal_ends_the_waiting_with_its_code_and_says_that_the_deployment_goes_on(string signal, int code)
    {
        Plane.Steps = ["BUILDING"];
        var isWatched = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Plane.Looked = _ => isWatched.TrySetResult();
        Home.Write("langgraph.json", "{}");

        var ran = await Folder.RunAsync(Home.Path, Program("deploy", "--name", "a", "--url", Plane.Url, "--api-key", FakeControlPlane.Key), meanwhile: async process =>
        {
            await isWatched.Task.WaitAsync(Eventually.Limit, TimeProvider.System, Cancel);
            await SignalAsync(process, signal);
        });

        Assert.Equal((code, ""), (ran.Code, ran.Output));
        Assert.Contains("stopped waiting; the deployment goes on at the control plane", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", "/upload-url", "stopped; nothing was deployed")]
    [InlineData("PATCH", "", "stopped; whether the control plane has made the revision is not known")]
    public async Task Stopped_before_there_is_a_revision_it_says_what_holds(string method, string path, string said)
    {
        Home.Write("langgraph.json", "{}");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Plane.Answers = context =>
        {
            if (context.Request.Method == method && context.Request.Path.Value!.EndsWith(path, StringComparison.Ordinal)) stop.Cancel();
            return true;
        };
        var error = new StringWriter();

        var code = await PilothouseCommand.RunAsync(["deploy", Home.Path, "--name", "a", "--url", Plane.Url, "--api-key", FakeControlPlane.Key], TextWriter.Null, error, stop.Token);

        Assert.Equal(130, code);
        Assert.Contains(said, error.ToString(), StringComparison.Ordinal);
    }
}
