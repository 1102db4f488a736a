using Pilothouse.Builds.Sandbox;
using Pilothouse.Builds.Tests.Sources;
using Pilothouse.Builds.Toolchains;
using Pilothouse.Core.Builds;
using Xunit;

namespace Pilothouse.Builds.Tests.Sandbox;

public sealed class SandboxTests
{
    /// <summary>Prints which of the named places it can reach, and how.</summary>
    private const string Look = """
        import os, sys
        for place in sys.argv[1:]:
            name, path = place.split('=', 1)
            try: seen = 'sees' if os.path.isfile(path) and open(path).read(1) or os.listdir(path) else 'empty'
            except OSError: seen = 'none'
            try: open(path if os.path.isfile(path) else path + '/canary', 'a').close(); wrote = 'writes'
            except OSError: wrote = 'no'
            print('LOOK', name, seen, wrote)
        print('PIDS', max(int(name) for name in os.listdir('/proc') if name.isdigit()) < 50)
        print('CAPS', [line.split()[1] for line in open('/proc/self/status') if line.startswith('CapEff')][0].strip('0') == '')
        for name in sorted(os.environ): print('ENV', name)
        """;

    private static byte[] Source(params (string Name, string Text)[] files) =>
        TarText.Of([
            tar => tar.File("langgraph.json", "{\"graphs\":{\"agent\":\"./agent.py:graph\"}}"), tar => tar.File("agent.py"), tar => tar.File("look.py", Look),
            .. files.Select(file => (Action<TarText>)(tar => tar.File(file.Name, file.Text)))]);

    [Fact]
    public async Task Project_sees_its_own_folder_and_the_caches_and_nothing_else_of_the_host()
    {
        // ./dev brings bubblewrap; on a host without it only the other tests here can tell anything.
        if (HostPrograms.Find("bwrap") is null) return;
        await using var host = EngineHost.Scripted(("Sandbox", "Required"));
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var other = await host.BuiltAsync(Source(("secret-of-another", "x")));
        await using var running = await host.Places.Builds.OpenAsync(new string('c', 40), TestContext.Current.CancellationToken);
        Directory.CreateDirectory(running.Source);
        await File.WriteAllTextAsync(Path.Combine(running.Source, "secret"), "x", TestContext.Current.CancellationToken);
        var secretInTemporary = Path.Combine(Path.GetTempPath(), $"pilothouse-secret-{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(secretInTemporary, "x", TestContext.Current.CancellationToken);
        (string Name, string Path)[] places =
        [
            ("home", home), ("shadow", "/etc/shadow"), ("var", "/var"), ("run", "/run"), ("data", host.Data), ("artifact", host.ArtifactFolder(other)), ("build", running.Source),
            ("temporary", secretInTemporary), ("usr", "/usr"), ("own", "."), ("tmp", "/tmp"), ("passwd", "/etc/passwd"), ("toolchain", host.Places.Toolchains.Directory), ("cache", host.Places.Toolchains.CacheDirectory),
        ];
        Directory.CreateDirectory(host.Places.Toolchains.Directory);

        await host.BuiltAsync(Source(), install: $"python3 look.py {string.Join(' ', places.Select(place => $"{place.Name}={place.Path}"))}");
        File.Delete(secretInTemporary);

        string Seen(string name) => host.Log.Lines.Single(line => line.StartsWith($"INFO LOOK {name} ", StringComparison.Ordinal)).Split(' ', 4)[3];
        foreach (var hidden in (string[])["shadow", "var", "run", "artifact", "build"]) Assert.StartsWith("none", Seen(hidden), StringComparison.Ordinal);
        Assert.Equal("none no", Seen("shadow"));
        Assert.StartsWith("none", Seen("temporary"), StringComparison.Ordinal);
        Assert.Equal("sees no", Seen("usr"));
        Assert.Equal("sees no", Seen("passwd"));
        Assert.Equal("sees writes", Seen("own"));
        Assert.EndsWith("writes", Seen("cache"), StringComparison.Ordinal);
        Assert.EndsWith("no", Seen("toolchain"), StringComparison.Ordinal);
        Assert.Contains("INFO PIDS True", host.Log.Lines);
        Assert.Contains("INFO CAPS True", host.Log.Lines);
        Assert.False(File.Exists(Path.Combine(home, "canary")) || File.Exists("/tmp/canary") || File.Exists("/var/canary"));
        Assert.Contains("secret-of-another", Directory.EnumerateFiles(host.ArtifactFolder(other), "*", SearchOption.AllDirectories).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("Auto")]
    [InlineData("Off")]
    public async Task Project_gets_the_operators_package_sources_and_nothing_else_of_our_environment(string sandbox)
    {
        Environment.SetEnvironmentVariable("PILOTHOUSE_CANARY_SECRET", "x");
        Environment.SetEnvironmentVariable("npm_config_pilothouse_test", "y");
        await using var host = EngineHost.Scripted(("Sandbox", sandbox));

        await host.BuiltAsync(Source(), install: "python3 look.py");

        var names = host.Log.Lines.Where(line => line.StartsWith("INFO ENV ", StringComparison.Ordinal)).Select(line => line["INFO ENV ".Length..]).ToArray();
        Assert.Contains("npm_config_pilothouse_test", names);
        var sources = PackageSources.Of(Environment.GetEnvironmentVariables(), "").Variables.Keys;
        string[] own = ["HOME", "TMPDIR", "LANG", "LC_CTYPE", "TERM", "NO_COLOR", "PATH", "PWD", "OLDPWD", "SHLVL", "_", MarkedProcesses.Variable, "YARN_NPM_REGISTRY_SERVER"];
        Assert.Empty(names.Except(own).Except(sources));
    }

    [Fact]
    public async Task Build_without_sandbox_says_so_once_and_required_sandbox_is_never_left_out()
    {
        await using var host = EngineHost.Scripted(("Sandbox", "Off"));
        await host.BuiltAsync(Source(), install: "true && true");
        Assert.Single(host.Log.Lines, line => line == "WARNING This build runs without a sandbox, because Builds:Sandbox is off: its programs can read what Pilothouse can read.");

        using var probe = new SandboxProbe(SandboxMode.Required, TimeProvider.System);
        if (HostPrograms.Find("bwrap") is not null) Assert.NotNull((await probe.FindAsync(TestContext.Current.CancellationToken)).Program);
        else await Assert.ThrowsAsync<BuildUnavailableException>(() => probe.FindAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Outside_the_sandbox_commands_run_without_any_shell()
    {
        await using var host = EngineHost.Scripted(("Sandbox", "Off"));
        var source = Source(("sub/a", "x"));

        await host.BuiltAsync(source, install: "mkdir 'a b' && cd sub && NAME=value env");
        Assert.Contains("INFO NAME=value", host.Log.Lines);
        Assert.DoesNotContain(host.Log.Lines, line => line.StartsWith("INFO SHLVL", StringComparison.Ordinal));

        await host.RefusedAsync(source, install: "ls *.json");
        Assert.Contains("INFO This command needs a shell (it uses '*'), and there is none outside the sandbox; use plain programs joined by &&, or install bubblewrap on this host.", host.Log.Lines);
        await host.RefusedAsync(source, install: "cd .. && ls");
        Assert.Contains("INFO cd ..: there is no such folder in the source.", host.Log.Lines);
        await host.RefusedAsync(source, install: "no-such-program");
        Assert.Contains("INFO no-such-program: there is no such program.", host.Log.Lines);
    }

    [Fact]
    public void Command_line_shows_programs_of_a_home_by_their_own_folder_only()
    {
        Assert.Equal("/srv/dev/.nvm/versions/node/v22", Bubblewrap.Prefix("/srv/dev/.nvm/versions/node/v22/bin/node", "/srv/dev"));
        Assert.Equal("/srv/dev/.local/bin/uv", Bubblewrap.Prefix("/srv/dev/.local/bin/uv", "/srv/dev"));
        Assert.Equal("/srv/dev/bin/tool", Bubblewrap.Prefix("/srv/dev/bin/tool", "/srv/dev"));
        Assert.Equal("/srv/bin/tool", Bubblewrap.Prefix("/srv/bin/tool", "/srv/dev"));
        Assert.Equal("/srv/dev/.nvm/v22", Bubblewrap.Prefix("/srv/dev/.nvm/v22/lib/node_modules/npm/bin/npm-cli.js", "/srv/dev"));

        var view = new SandboxView("/data/builds/1", "/data/builds/1/tmp", "/tools", "/cache", "/cache/own", ["/wheels"]);
        var line = string.Join(' ', Bubblewrap.Arguments("/usr/bin/bwrap", view, new ToolCommand(["/bin/sh", "-c", "ls; id"], "/data/builds/1/artifact/src", new Dictionary<string, string>()), "/srv/dev"));
        Assert.EndsWith("--ro-bind-try /wheels /wheels --ro-bind /tools /tools --bind /cache/own /cache --bind /data/builds/1 /data/builds/1 --chdir /data/builds/1/artifact/src -- /bin/sh -c ls; id", line, StringComparison.Ordinal);
        Assert.DoesNotContain(" /root", line, StringComparison.Ordinal);
        Assert.DoesNotContain("--share-net", line, StringComparison.Ordinal);
    }
}
