using System.CommandLine;
using System.Text.Json;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Cli.Tests;

public sealed class CommandTests : CliTests
{
    [Theory]
    [InlineData("")]
    [InlineData("deploy")]
    [InlineData("list")]
    [InlineData("revisions")]
    [InlineData("logs")]
    [InlineData("delete")]
    [InlineData("explain")]
    [InlineData("rollback")]
    [InlineData("resume")]
    [InlineData("redeploy")]
    [InlineData("interrupt")]
    [InlineData("url")]
    public async Task Help_is_as_reviewed(string command)
    {
        var ran = await RunBareAsync([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);

        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Golden.Matches($"help{(command.Length > 0 ? "-" : "")}{command}", ran.Output.Replace(RootCommand.ExecutableName, "pilothouse", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("list", "--nonsense")]
    [InlineData("deploy", "--type", "huge")]
    [InlineData("revisions", "a", "--limit", "0")]
    [InlineData("list", "--url", "ftp://x", "--api-key", "k")]
    [InlineData("list", "--api-key", "k\n")]
    [InlineData("logs")]
    [InlineData("nonsense")]
    [InlineData]
    public async Task Misuse_is_2_and_says_so_to_people(params string[] arguments)
    {
        var ran = await RunBareAsync(arguments);

        Assert.Equal((2, ""), (ran.Code, ran.Output));
        Assert.NotEmpty(ran.Error.Trim());
    }

    [Fact]
    public async Task Refusal_is_1_and_nobody_there_is_3()
    {
        var refused = await RunBareAsync("list", "--url", Plane.Url, "--api-key", "wrong");
        var url = Plane.Url;
        await Plane.DisposeAsync();
        var away = await RunBareAsync("list", "--url", url, "--api-key", "k");

        Assert.Equal((1, ""), (refused.Code, refused.Output));
        Assert.StartsWith("Invalid API key\n", refused.Error, StringComparison.Ordinal);
        Assert.Contains("--api-key", refused.Error, StringComparison.Ordinal);
        Assert.Equal((3, ""), (away.Code, away.Output));
        Assert.Contains("--url or PILOTHOUSE_URL", away.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_prints_a_table_or_an_object_a_line()
    {
        Plane.Add("one");
        Plane.Add("two");

        var table = await RunAsync("list");
        var json = await RunAsync("list", "--json", "--name-contains", "tw");

        Assert.Equal(["NAME", "one", "two"], table.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]));
        Assert.Equal("two", JsonDocument.Parse(json.Output).RootElement.GetProperty("name").GetString());
    }

    [Fact]
    public async Task Revisions_mark_the_one_that_serves()
    {
        var deployment = Plane.Add("one");
        var serving = Plane.AddRevision(deployment.Id, "DEPLOYED");
        Plane.AddRevision(deployment.Id, "BUILD_FAILED");

        var lines = (await RunAsync("revisions", "one")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(3, lines.Length);
        Assert.Contains("BUILD_FAILED", lines[1], StringComparison.Ordinal);
        Assert.StartsWith($"*  {serving.Id}", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_with_yes_deletes_and_an_unknown_name_is_misuse()
    {
        Plane.Add("one");

        var done = await RunAsync("delete", "one", "--yes");
        var unknown = await RunAsync("delete", "one", "--yes");

        Assert.Equal((0, 2), (done.Code, unknown.Code));
        Assert.Empty(Plane.Deployments);
        Assert.Contains("no deployment named 'one'", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_filters_are_sent_and_lines_come_oldest_first_without_control_characters()
    {
        Plane.Add("one");
        Plane.DeployLog.Enqueue(FakeControlPlane.Line("first\u001b]0;owned\u0007"));
        Plane.DeployLog.Enqueue(FakeControlPlane.Line("second \u202Eevil\r\b", 1, "ERROR"));

        var ran = await RunAsync("logs", "one", "--level", "warning", "-q", "text", "--since", "2020-01-01T00:00:00Z", "--limit", "7");

        Assert.Equal(
            "2023-11-14 22:13:20.000Z INFO     first\uFFFD]0;owned\uFFFD\n2023-11-14 22:13:20.001Z ERROR    second \uFFFDevil\uFFFD\uFFFD\n", ran.Output);
        var query = Assert.Single(Plane.Queries);
        Assert.Equal(("WARNING", "text", "2020-01-01T00:00:00Z", "desc", 7), (query.Level, query.Query, query.StartTime, query.Order, query.Limit));
    }

    [Fact]
    public async Task Followed_lines_come_once_each_until_it_is_stopped()
    {
        Plane.Add("one");
        Plane.DeployLog.Enqueue(FakeControlPlane.Line("old"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        await using var output = new SharedText();

        var running = PilothouseCommand.RunAsync(["logs", "one", "-f", "--url", Plane.Url, "--api-key", FakeControlPlane.Key], output, TextWriter.Null, stop.Token);
        await Eventually.TrueAsync(() => output.ToString().Contains("old"));
        Plane.DeployLog.Enqueue(FakeControlPlane.Line("same instant"));
        Plane.DeployLog.Enqueue(FakeControlPlane.Line("newer", 5));
        await Eventually.TrueAsync(() => output.ToString().Contains("newer"));
        await stop.CancelAsync();

        Assert.Equal(0, await running);
        Assert.Equal(["old", "instant", "newer"], output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[^1]));
    }

    [Fact]
    public async Task Serve_hands_arguments_in_their_order_to_the_server_and_returns_its_code()
    {
        var script = Home.Write("pilothouse-server", "#!/bin/sh\nprintf '%s|' \"$@\"\nexit 7\n");
        Assert.Equal(0, (await Folder.RunAsync(Home.Path, ["chmod", "+x", script])).Code);
        var command = Program("serve", "--data", "a b", "--urls", "u", "--help");

        var ran = await Folder.RunAsync(Home.Path, command, environment: new Dictionary<string, string> { ["PATH"] = $"{Home.Path}:/usr/bin:/bin" });
        var missing = await Folder.RunAsync(Home.Path, command, environment: new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" });

        Assert.Equal((7, "serve|--data|a b|--urls|u|--help|"), (ran.Code, ran.Output));
        Assert.Equal((1, ""), (missing.Code, missing.Output));
        Assert.Contains("pilothouse-server is neither beside this program nor on the PATH", missing.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM", "TERM", 5)]
    [InlineData("INT", "INT", 6)]
    [InlineData("HUP", "TERM", 5)]
    public async Task Serve_passes_signals_on_and_waits_for_the_server_to_stop(string signal, string arrived, int code)
    {
        // The sleep ends with the script, and holds none of its outputs.
        var script = Home.Write(
            "pilothouse-server",
            "#!/bin/sh\ntrap 'kill $!; echo TERM; exit 5' TERM\ntrap 'kill $!; echo INT; exit 6' INT\nsleep 60 >/dev/null 2>&1 &\n: > ready\nwait $!\n");
        Assert.Equal(0, (await Folder.RunAsync(Home.Path, ["chmod", "+x", script])).Code);

        var ran = await Folder.RunAsync(
            Home.Path, Program("serve"), environment: new Dictionary<string, string> { ["PATH"] = $"{Home.Path}:/usr/bin:/bin" },
            meanwhile: async process =>
            {
                await Eventually.TrueAsync(() => File.Exists(Path.Combine(Home.Path, "ready")));
                await SignalAsync(process, signal);
            });

        Assert.Equal((code, $"{arrived}\n"), (ran.Code, ran.Output));
    }

    [Fact]
    public async Task Delete_without_a_terminal_deletes_nothing()
    {
        Plane.Add("one");

        var ran = await Folder.RunAsync(Home.Path, Program("delete", "one", "--url", Plane.Url, "--api-key", FakeControlPlane.Key), "one\n");

        Assert.Equal(2, ran.Code);
        Assert.Contains("--yes", ran.Error, StringComparison.Ordinal);
        Assert.Single(Plane.Deployments);
    }
}
