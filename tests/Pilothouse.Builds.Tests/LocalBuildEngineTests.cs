using Pilothouse.Builds.Sandbox;
using Pilothouse.Builds.Tests.Sources;
using Pilothouse.Core.Builds;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Builds.Tests;

public sealed class LocalBuildEngineTests
{
    private const string Config = "{\"graphs\":{\"agent\":\"./agent.py:graph\"}}";

    public static TheoryData<string> Sandboxes() => ["Auto", "Off"];

    private static byte[] Source(params (string Name, string Text)[] files) =>
        TarText.Of([tar => tar.File("langgraph.json", Config), tar => tar.File("agent.py", "graph = 1"), .. files.Select(file => (Action<TarText>)(tar => tar.File(file.Name, file.Text)))]);

    [Theory]
    [MemberData(nameof(Sandboxes))]
    public async Task T25_one_source_gives_one_digest_in_two_data_directories_and_is_built_once_in_each(string sandbox)
    {
        await using var here = EngineHost.Scripted(("Sandbox", sandbox));
        await using var there = EngineHost.Scripted(("Sandbox", sandbox));
        var source = Source(("make.sh", "mkdir -p sub node_modules __pycache__\ndate +%N > node_modules/.package-lock.json\ntouch __pycache__/a.pyc\nln -s $PWD/agent.py sub/link\nchmod 4711 make.sh\n"));

        var first = await here.BuiltAsync(source, install: "sh make.sh");
        var other = await there.BuiltAsync(source, install: "sh make.sh");
        var again = await here.BuildAsync(source, install: "sh make.sh");

        Assert.Equal(first.Digest, other.Digest);
        Assert.Equal((first.Digest, true), again is BuildOutcome.Built built ? (built.Artifact.Digest, built.WasThere) : default);
        Assert.Equal(first.Launch.Arguments, ((BuildOutcome.Built)again).Artifact.Launch.Arguments);
        var tree = Path.Combine(here.ArtifactFolder(first), "src");
        Assert.Equal("../agent.py", new FileInfo(Path.Combine(tree, "sub", "link")).LinkTarget);
        Assert.False(Directory.Exists(Path.Combine(tree, "__pycache__")));
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(Path.Combine(tree, "make.sh")) & UnixFileMode.SetUser);
        Assert.Empty(here.WorkDirectories());
    }

    [Fact]
    public async Task Another_source_command_or_configuration_is_another_build()
    {
        await using var host = EngineHost.Scripted(("Sandbox", "Off"));
        byte[] source = Source(), other = Source(("more", "x"));

        var digest = (await host.BuiltAsync(source)).Digest;
        var withCommand = await host.BuildAsync(source, install: "touch made");
        var withFile = await host.BuildAsync(other);

        Assert.False(Assert.IsType<BuildOutcome.Built>(withCommand).WasThere);
        Assert.False(Assert.IsType<BuildOutcome.Built>(withFile).WasThere);
        Assert.Equal(3, new[] { digest, ((BuildOutcome.Built)withCommand).Artifact.Digest, ((BuildOutcome.Built)withFile).Artifact.Digest }.Distinct().Count());
    }

    [Fact]
    public async Task Unchanged_source_is_found_in_milliseconds_and_rebuilt_when_its_artifact_is_gone()
    {
        await using var host = EngineHost.Scripted(("Sandbox", "Off"), ("ArtifactGrace", "00:00:00"));
        var source = Source();
        var artifact = await host.BuiltAsync(source);
        await host.BuildAsync(source);

        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        await host.BuildAsync(source);
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalMilliseconds, 0, 200);

        Assert.Equal(0, await host.Artifacts.RemoveUnusedAsync(new HashSet<string> { artifact.Digest }, TestContext.Current.CancellationToken));
        Assert.Equal(1, await host.Artifacts.RemoveUnusedAsync(new HashSet<string>(), TestContext.Current.CancellationToken));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(host.Data, "artifacts")));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(host.Data, "builds", "index")));
        Assert.False(Assert.IsType<BuildOutcome.Built>(await host.BuildAsync(source)).WasThere);
    }

    [Fact]
    public async Task Artifact_that_was_just_built_is_kept_though_nobody_names_it_yet()
    {
        await using var host = EngineHost.Scripted(("Sandbox", "Off"));
        var artifact = await host.BuiltAsync(Source());

        Assert.Equal(0, await host.Artifacts.RemoveUnusedAsync(new HashSet<string>(), TestContext.Current.CancellationToken));

        Assert.True(Directory.Exists(host.ArtifactFolder(artifact)));
    }

    [Fact]
    public async Task Artifact_whose_programs_were_thrown_away_is_built_again()
    {
        await using var host = EngineHost.Scripted(("Sandbox", "Off"));
        var launch = (await host.BuiltAsync(Source())).Launch;

        Assert.True(host.Places.HasPrograms(launch));
        Assert.False(host.Places.HasPrograms(launch with { Arguments = ["/usr/bin/no-such-program"] }));
        Assert.False(host.Places.HasPrograms(launch with { Arguments = ["/bin/true", "${toolchain}/no-such-server/start.mjs", "${port}"] }));
        Assert.False(host.Places.HasPrograms(launch with { Environment = new Dictionary<string, string> { ["PATH"] = "/bin:${toolchain}/no-such-node/bin" } }));
    }

    [Fact]
    public async Task Two_builds_of_one_source_at_once_are_one_build()
    {
        await using var host = EngineHost.Scripted(("Sandbox", "Off"));
        var source = Source();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => host.BuildAsync(source, install: "sleep 0.3")));

        Assert.Equal(2, outcomes.Count(outcome => Assert.IsType<BuildOutcome.Built>(outcome).WasThere));
        Assert.Single(Directory.GetDirectories(Path.Combine(host.Data, "artifacts")));
    }

    [Theory]
    [MemberData(nameof(Sandboxes))]
    public async Task Interrupted_build_leaves_no_process_and_no_directory(string sandbox)
    {
        await using var host = EngineHost.Scripted(("Sandbox", sandbox));
        using var interrupt = new CancellationTokenSource();
        var source = Source(("run.sh", "setsid sleep 1000 &\n(sleep 1000 &)\necho ready\nsleep 1000\n"));

        var build = host.BuildAsync(source, install: "sh run.sh", cancellationToken: interrupt.Token);
        await Eventually.TrueAsync(() => host.Log.Text.Contains("ready", StringComparison.Ordinal));
        Assert.NotEmpty(host.Processes());
        await interrupt.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => build);
        Assert.Empty(host.Processes());
        Assert.Empty(host.WorkDirectories());
    }

    [Theory]
    [MemberData(nameof(Sandboxes))]
    public async Task What_a_command_leaves_running_ends_with_it(string sandbox)
    {
        await using var host = EngineHost.Scripted(("Sandbox", sandbox));

        await host.BuiltAsync(Source(("run.sh", "setsid sleep 1000 &\nsleep 1000 &\n")), install: "sh run.sh");

        Assert.Empty(host.Processes());
    }

    [Theory]
    [MemberData(nameof(Sandboxes))]
    public async Task T28_build_gets_the_processors_that_nobody_else_wants_and_is_the_first_that_a_full_memory_ends(string sandbox)
    {
        await using var host = EngineHost.Scripted(("Sandbox", sandbox));

        await host.BuiltAsync(Source(("run.sh", "echo \"niceness $(nice), badness $(cat /proc/self/oom_score_adj)\"\n")), install: "sh run.sh");

        Assert.Contains("niceness 19, badness 900", host.Log.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Off", "TimeLimit", "00:00:01", "sleep 100", "The build took longer than 00:00:01 (Builds:TimeLimit); make it do less, or ask the operator for more time.")]
    [InlineData("Auto", "TimeLimit", "00:00:01", "sleep 100", "The build took longer than 00:00:01 (Builds:TimeLimit); make it do less, or ask the operator for more time.")]
    [InlineData("Off", "MemoryBytes", "67108864", "python3 eat.py", "The build used more than 64 MiB of memory (Builds:MemoryBytes); make its commands use less, or ask the operator for more.")]
    [InlineData("Auto", "MemoryBytes", "67108864", "python3 eat.py", "The build used more than 64 MiB of memory (Builds:MemoryBytes); make its commands use less, or ask the operator for more.")]
    [InlineData("Auto", "DiskBytes", "2000000", "sh fill.sh", "The build filled more than 1 MiB of disk (Builds:DiskBytes); install fewer or smaller packages.")]
    [InlineData("Off", "OutputLines", "50", "yes", "The build printed more than 50 lines (Builds:OutputLines); make its commands quieter.")]
    public async Task Limit_ends_the_build_with_a_sentence_that_names_it(string sandbox, string limit, string value, string command, string sentence)
    {
        await using var host = EngineHost.Scripted(("Sandbox", sandbox), (limit, value), ("MeasureInterval", "00:00:00.05"));
        var source = Source(
            ("eat.py", "import time\nkept = bytearray(300_000_000)\nfor at in range(0, len(kept), 4096): kept[at] = 1\ntime.sleep(100)\n"),
            ("fill.sh", "dd if=/dev/zero of=$HOME/big bs=1M count=20\nsleep 100\n"));

        var message = await host.RefusedAsync(source, install: command);

        Assert.Equal(sentence, message);
        Assert.Contains($"ERROR {sentence}", host.Log.Lines);
        Assert.Empty(host.Processes());
        Assert.Empty(host.WorkDirectories());
    }

    [Fact]
    public async Task Fork_bomb_is_ended()
    {
        await using var host = EngineHost.Scripted(("Processes", "60"), ("TimeLimit", "00:00:20"), ("MeasureInterval", "00:00:00.05"));

        var message = await host.RefusedAsync(Source(("bomb.sh", "bomb() { bomb | bomb & }\nbomb\nsleep 100\n")), install: "sh bomb.sh");

        Assert.Equal("The build ran more than 60 processes at once (Builds:Processes); make it do less at a time.", message);
        Assert.Empty(host.Processes());
    }

    [Fact]
    public async Task T38_giant_line_colours_and_cursor_moves_reach_the_log_as_short_plain_text()
    {
        await using var host = EngineHost.Scripted(("Sandbox", "Off"));
        var source = Source(("print.sh", "head -c 100000000 /dev/zero | tr '\\0' a\nprintf '\\n\\033[31mred\\033[0m\\033]0;title\\007\\n10%%\\r99%%\\rdone\\n\\001\\n'\n"));

        await host.BuiltAsync(source, install: "sh print.sh");

        Assert.All(host.Log.Lines, line => Assert.InRange(line.Length, 0, LineReading.LongestLineBytes + 100));
        Assert.Contains(host.Log.Lines, line => line.EndsWith("bytes dropped)", StringComparison.Ordinal));
        Assert.Contains("INFO red", host.Log.Lines);
        Assert.Contains("INFO done", host.Log.Lines);
        Assert.Contains("INFO \uFFFD", host.Log.Lines);
    }

    [Fact]
    public async Task Environment_files_reach_neither_build_nor_artifact()
    {
        await using var host = EngineHost.Scripted(("Sandbox", "Off"));
        var source = TarText.Of(
            tar => tar.File("langgraph.json", "{\"graphs\":{\"agent\":\"./agent.py:graph\"},\"env\":\"prod.env\"}"), tar => tar.File("agent.py"),
            tar => tar.File(".env", "KEY=canary"), tar => tar.File("prod.env", "KEY=canary"), tar => tar.File("sub/.env.local", "KEY=canary"), tar => tar.File(".env.example", "KEY="));

        var artifact = await host.BuiltAsync(source, install: "ls -a");

        var files = Directory.EnumerateFiles(host.ArtifactFolder(artifact), "*", SearchOption.AllDirectories).Select(Path.GetFileName).Order(StringComparer.Ordinal);
        Assert.Equal([".env.example", "agent.py", "langgraph.json", "launch.json"], files);
        Assert.DoesNotContain("INFO .env", host.Log.Lines);
        Assert.Contains("INFO Left out: .env, sub/.env.local, prod.env. Values for running come as secrets of the deployment.", host.Log.Lines);
    }

    [Fact]
    public async Task Leftovers_of_a_killed_control_plane_are_ended_and_removed()
    {
        await using var host = EngineHost.Scripted(("Sandbox", "Off"));
        var dead = Directory.CreateDirectory(Path.Combine(host.Data, "builds", new string('a', 40), "artifact", "src"));
        var root = Path.Combine(host.Data, "builds", new string('a', 40));
        await File.WriteAllTextAsync(root + ".lock", "", TestContext.Current.CancellationToken);
        Directory.CreateDirectory(Path.Combine(dead.FullName, "closed"));
        File.SetUnixFileMode(Path.Combine(dead.FullName, "closed"), UnixFileMode.None);
        var started = new TaskCompletionSource();
        var orphan = ChildProgram.RunAsync(
            ["/bin/sleep", "1000"], "/", new Dictionary<string, string> { [MarkedProcesses.Variable] = MarkedProcesses.OfCommand(root, 1) },
            _ => { }, _ => started.SetResult(), TimeProvider.System, TestContext.Current.CancellationToken);
        await started.Task;

        await host.BuiltAsync(Source());

        Assert.Equal(137, await orphan);
        Assert.Empty(host.Processes());
        Assert.Empty(host.WorkDirectories());
    }

    [Fact]
    public async Task Build_under_way_elsewhere_is_left_alone()
    {
        await using var host = EngineHost.Scripted(("Sandbox", "Off"));
        await using (var other = await host.Places.Builds.OpenAsync(new string('b', 40), TestContext.Current.CancellationToken))
        {
            await host.BuiltAsync(Source());

            Assert.True(Directory.Exists(other.Source[..^"/src".Length]));
        }

        Assert.Empty(host.WorkDirectories());
    }

    [Theory]
    [InlineData(3, "install_command ended with code 3.")]
    [InlineData(0, "The build left a path that is too long, src/ddd")]
    public async Task Folder_that_fights_its_removal_is_removed(int code, string begin)
    {
        await using var host = EngineHost.Scripted(("Sandbox", "Off"));

        // 60 × 200 letters are more than the system takes as one path.
        var message = await host.RefusedAsync(
            Source(("deep.py", "import os\nfor _ in range(60):\n    os.mkdir('d' * 200)\n    os.chdir('d' * 200)\nos.chmod('..', 0)\nraise SystemExit(" + code + ")\n")), install: "python3 deep.py");

        Assert.StartsWith(begin, message, StringComparison.Ordinal);
        Assert.Empty(host.WorkDirectories());
    }

    [Fact]
    public async Task Mixed_or_unknown_projects_are_refused_before_anything_runs()
    {
        await using var host = EngineHost.Scripted(("Sandbox", "Off"));
        var source = TarText.Of(tar => tar.File("langgraph.json", "{\"graphs\":{\"a\":\"./a.ts:graph\"},\"store\":1}"), tar => tar.File("a.ts"));

        var message = await host.RefusedAsync(source, install: "touch /tmp/pilothouse-canary; true");

        Assert.Contains("langgraph.json: store must be an object", message, StringComparison.Ordinal);
        Assert.Contains("install_command contains disallowed characters or patterns.", message, StringComparison.Ordinal);
        Assert.Contains("This Pilothouse has no agent server for JavaScript projects.", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disk_that_fails_is_no_fault_of_the_project()
    {
        await using var host = EngineHost.Scripted(("Sandbox", "Off"));
        Directory.CreateDirectory(host.Data);
        await File.WriteAllTextAsync(Path.Combine(host.Data, "builds"), "a file where a folder should be", TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<BuildUnavailableException>(() => host.BuildAsync(Source()));
    }
}
