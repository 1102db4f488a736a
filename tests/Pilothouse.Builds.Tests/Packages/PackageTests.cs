using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Builds.Packages;
using Pilothouse.Builds.Tests.Sources;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Launching;
using Xunit;

namespace Pilothouse.Builds.Tests.Packages;

/// <summary>What one machine built another one runs, which has a line to it and nothing else.</summary>
public sealed class PackageTests : IAsyncDisposable
{
    private const string Make = "sh make.sh";

    private static readonly byte[] s_source = TarText.Of([
        tar => tar.File("langgraph.json", """{"dependencies":["."],"graphs":{"agent":"./agent.py:graph"},"python_version":"3.11"}"""),
        tar => tar.File("agent.py", "graph = 1"),
        tar => tar.File("make.sh", "mkdir -p deep/er; echo run > deep/er/run.sh; chmod 755 deep/er/run.sh; ln -s ../deep/er deep/link; mkdir empty; echo \"$1\" > said\n"),
    ]);

    private readonly EngineHost _maker = EngineHost.Scripted();
    private readonly string _root = Directory.CreateTempSubdirectory("pilothouse-fetching-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IPackages Packages => _maker.Services.GetRequiredService<IPackages>();

    private string ToolsOfMaker => _maker.Places.Toolchains.Directory;

    public async ValueTask DisposeAsync()
    {
        await _maker.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task Artifact_arrives_whole_once_and_is_kept()
    {
        var built = await _maker.BuiltAsync(s_source, install: Make);
        var line = new LineTo(Packages);
        using var there = Fetching(line);

        Assert.True(await there.EnsureAsync(built.Digest, Cancel));
        Assert.True(await there.EnsureAsync(built.Digest, Cancel));

        Assert.Equal(1, line.Sent);
        Assert.Equal("run\n", await File.ReadAllTextAsync(Path.Combine(_root, "artifacts", built.Digest, "src", "deep", "link", "run.sh"), Cancel));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_root, "transfers")));
    }

    [Fact]
    public async Task Many_who_want_it_at_once_fetch_it_once()
    {
        var built = await _maker.BuiltAsync(s_source, install: Make);
        var line = new LineTo(Packages);
        using var there = Fetching(line);

        var all = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => there.EnsureAsync(built.Digest, Cancel)));

        Assert.All(all, Assert.True);
        Assert.Equal(1, line.Sent);
    }

    [Fact]
    public async Task Who_gives_up_waiting_leaves_it_to_the_others()
    {
        var built = await _maker.BuiltAsync(s_source, install: Make);
        var line = new LineTo(Packages) { Held = new TaskCompletionSource() };
        using var there = Fetching(line);
        using var impatient = new CancellationTokenSource();
        var first = there.EnsureAsync(built.Digest, impatient.Token);
        var second = there.EnsureAsync(built.Digest, Cancel);

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        line.Held.SetResult();

        Assert.True(await second);
        Assert.Equal(1, line.Sent);
    }

    [Fact]
    public async Task Same_bytes_each_time_that_it_is_packed()
    {
        var built = await _maker.BuiltAsync(s_source, install: Make);
        var first = (await Packages.ArtifactAsync(built.Digest, Cancel))!;
        File.Delete(first.File);

        var again = (await Packages.ArtifactAsync(built.Digest, Cancel))!;

        Assert.Equal(first.Sha256, again.Sha256);
    }

    [Theory]
    [InlineData("nothing is sent")]
    [InlineData("another is sent")]
    [InlineData("rubbish is sent")]
    public async Task What_is_not_the_artifact_is_not_taken(string how)
    {
        var built = await _maker.BuiltAsync(s_source, install: Make);
        var other = await _maker.BuiltAsync(s_source, install: "sh make.sh other");
        using var there = Fetching(new LineTo(Packages)
        {
            Instead = how switch { "another is sent" => (await Packages.ArtifactAsync(other.Digest, Cancel))?.File, "rubbish is sent" => typeof(PackageTests).Assembly.Location, _ => null },
            IsEmpty = how is "nothing is sent",
        });
        Assert.NotEqual(built.Digest, other.Digest);

        Assert.False(await there.EnsureAsync(built.Digest, Cancel));
        Assert.False(Directory.Exists(Path.Combine(_root, "artifacts", built.Digest)));
    }

    [Fact]
    public async Task Tools_that_a_launch_names_come_along_with_those_that_they_lead_to_and_mean_this_machine_then()
    {
        var kind = $"venv-{Guid.NewGuid():N}"[..12];
        var (venv, python) = (Path.Combine(ToolsOfMaker, kind, "1.0"), Path.Combine(ToolsOfMaker, $"{kind}-python", "3.12"));
        foreach (var folder in (string[])[Path.Combine(venv, "bin"), Path.Combine(venv, "start-0123456789ab"), Path.Combine(python, "bin")]) Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(python, "bin", "python3"), "#!/bin/sh\n", Cancel);
        File.CreateSymbolicLink(Path.Combine(venv, "bin", "python"), Path.Combine(python, "bin", "python3"));
        await File.WriteAllTextAsync(Path.Combine(venv, "pyvenv.cfg"), $"home = {python}/bin\n", Cancel);
        await File.WriteAllTextAsync(Path.Combine(venv, "start-0123456789ab", "start.py"), "pass", Cancel);
        using var there = Fetching(new LineTo(Packages));
        var launch = new LaunchSpec
        {
            Arguments = [$"${{toolchain}}/{kind}/1.0/bin/python", $"${{toolchain}}/{kind}/1.0/start-0123456789ab/start.py"],
            WorkingDirectory = "${state}",
            HealthPath = "/ok",
            State = StateLocation.None,
        };

        await there.EnsureToolsAsync(launch, Cancel);

        var tools = Path.Combine(_root, "toolchains");
        Assert.Equal(Path.Combine(tools, $"{kind}-python", "3.12", "bin", "python3"), new FileInfo(Path.Combine(tools, kind, "1.0", "bin", "python")).LinkTarget);
        Assert.Equal($"home = {tools}/{kind}-python/3.12/bin\n", await File.ReadAllTextAsync(Path.Combine(tools, kind, "1.0", "pyvenv.cfg"), Cancel));
        Assert.True(File.Exists(Path.Combine(tools, kind, "1.0", "bin", "python")));
        Assert.True(File.Exists(Path.Combine(tools, kind, "1.0", "start-0123456789ab", "start.py")));
        foreach (var folder in (string[])[Path.Combine(ToolsOfMaker, kind), Path.Combine(ToolsOfMaker, $"{kind}-python")]) Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("node/..")]
    [InlineData("node/../node")]
    [InlineData("node")]
    [InlineData("/etc/passwd")]
    [InlineData("node/22.1.0.installing")]
    [InlineData("node/22.1.0/../../../secret")]
    [InlineData("node/22.1.0/node_modules")]
    [InlineData("")]
    public async Task Name_that_is_no_tools_is_none(string name) => Assert.Null(await Packages.ToolAsync(name, Cancel));

    [Theory]
    [InlineData("../bootstrap-key")]
    [InlineData("00")]
    [InlineData("")]
    public async Task Digest_that_is_none_is_none(string digest) => Assert.Null(await Packages.ArtifactAsync(digest, Cancel));

    private FetchedArtifacts Fetching(IPackageSource source)
    {
        var options = new BuildsOptions { DataDirectory = _root, ToolchainDirectory = Path.Combine(_root, "toolchains"), CacheDirectory = Path.Combine(_root, "caches") };
        var store = new Pilothouse.Builds.Artifacts.ArtifactStore(
            Path.Combine(_root, "artifacts"), new Pilothouse.Builds.Artifacts.ArtifactIndex(Path.Combine(_root, "index")), TimeSpan.FromHours(1), TimeProvider.System);
        var toolchains = new Pilothouse.Builds.Toolchains.HostToolchains(options.ToolchainDirectory, options.CacheDirectory, TimeProvider.System);
        return new FetchedArtifacts(store, toolchains, source, Microsoft.Extensions.Options.Options.Create(options), TimeProvider.System);
    }

    /// <summary>Sends what the maker packs.</summary>
    private sealed class LineTo(IPackages packages) : IPackageSource
    {
        public int Sent { get; private set; }

        public string? Instead { get; init; }

        public bool IsEmpty { get; init; }

        public TaskCompletionSource? Held { get; init; }

        public async Task<bool> ArtifactAsync(string digest, string file, CancellationToken cancellationToken)
        {
            if (Held is not null) await Held.Task.WaitAsync(cancellationToken);
            return !IsEmpty && Send(Instead ?? (await packages.ArtifactAsync(digest, cancellationToken))?.File, file);
        }

        public async Task<bool> ToolAsync(string name, string file, CancellationToken cancellationToken) =>
            Send((await packages.ToolAsync(name, cancellationToken))?.File, file);

        private bool Send(string? from, string to)
        {
            if (from is null) return false;
            File.Copy(from, to, overwrite: true);
            Sent++;
            return true;
        }
    }
}
