using System.Formats.Tar;
using System.IO.Compression;
using Pilothouse.Builds.Artifacts;
using Pilothouse.Builds.Tests.Sources;
using Pilothouse.Core.Blobs;
using Pilothouse.Core.Builds;
using Pilothouse.Testing.Buckets;
using Xunit;

namespace Pilothouse.Builds.Tests;

/// <summary>Two machines with one bucket and nothing else in common.</summary>
public sealed class BucketTests
{
    private const string Make = "sh make.sh";

    private static readonly byte[] s_source = TarText.Of([
        tar => tar.File("langgraph.json", """{"dependencies":["."],"graphs":{"agent":"./agent.py:graph"},"python_version":"3.11"}"""),
        tar => tar.File("agent.py", "graph = 1"),
        tar => tar.File("make.sh", "mkdir -p deep/er; echo run > deep/er/run.sh; chmod 755 deep/er/run.sh; ln -s ../deep/er deep/link; ln -s er/run.sh deep/run; mkdir empty\n"),
    ]);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_one_machine_built_the_other_gets_whole_and_builds_nothing()
    {
        var bucket = new FakeBucket();
        await using var one = EngineHost.InBucket(bucket);
        await using var other = EngineHost.InBucket(bucket);

        var built = await one.BuiltAsync(s_source, install: Make);
        var outcome = Assert.IsType<BuildOutcome.Built>(await other.BuildAsync(s_source, install: Make));

        Assert.True(outcome.WasThere);
        Assert.Equal(built.Digest, outcome.Artifact.Digest);
        Assert.Equal(Tree(one.ArtifactFolder(built)), Tree(other.ArtifactFolder(built)));
        Assert.Contains(Tree(other.ArtifactFolder(built)), line => line.Contains("run.sh", StringComparison.Ordinal) && line.Contains("UserExecute", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(other.Data, "transfers")));
    }

    [Fact]
    public async Task Artifact_is_brought_where_it_is_to_run_once()
    {
        var bucket = new FakeBucket();
        await using var one = EngineHost.InBucket(bucket);
        await using var other = EngineHost.InBucket(bucket);
        var built = await one.BuiltAsync(s_source, install: Make);

        Assert.True(await other.Artifacts.HasAsync(built.Digest, Cancel));
        Assert.False(Directory.Exists(other.ArtifactFolder(built)));
        Assert.True(await other.Artifacts.EnsureAsync(built.Digest, Cancel));
        bucket.Trouble = new BucketUnavailableException("Away.", new IOException());
        Assert.True(await other.Artifacts.EnsureAsync(built.Digest, Cancel));

        Assert.Equal(Tree(one.ArtifactFolder(built)), Tree(other.ArtifactFolder(built)));
        bucket.Trouble = null;
        Assert.False(await other.Artifacts.EnsureAsync(new string('0', 64), Cancel));
    }

    [Theory]
    [InlineData("changed")]
    [InlineData("upwards")]
    [InlineData("through a link")]
    [InlineData("no archive")]
    public async Task What_is_not_the_artifact_that_its_name_says_is_thrown_away_and_built_again(string how)
    {
        var bucket = new FakeBucket();
        await using var one = EngineHost.InBucket(bucket);
        await using var other = EngineHost.InBucket(bucket);
        var built = await one.BuiltAsync(s_source, install: Make);
        var key = $"artifacts/{built.Digest}.tar.gz";
        var outside = Path.Combine(other.Data, "outside");
        bucket.Put(key, how is "no archive" ? [1, 2, 3] : await DamagedAsync(one.ArtifactFolder(built), how, outside));

        Assert.False(await other.Artifacts.EnsureAsync(built.Digest, Cancel));
        Assert.DoesNotContain(key, bucket.Keys);
        Assert.False(Path.Exists(outside));
        Assert.False(Directory.Exists(other.ArtifactFolder(built)));

        Assert.False(Assert.IsType<BuildOutcome.Built>(await other.BuildAsync(s_source, install: Make)).WasThere);
        Assert.Contains(key, bucket.Keys);
    }

    [Fact]
    public async Task Build_waits_for_a_bucket_that_is_away_and_does_not_build_again_for_it()
    {
        var bucket = new FakeBucket();
        await using var host = EngineHost.InBucket(bucket);
        var built = await host.BuiltAsync(s_source, install: Make);
        foreach (var key in bucket.Keys) await bucket.RemoveAsync(key, Cancel);
        bucket.Trouble = new BucketUnavailableException("Away.", new IOException());

        await Assert.ThrowsAsync<BuildUnavailableException>(() => host.BuildAsync(s_source, install: Make));
        bucket.Trouble = null;
        Assert.True(Assert.IsType<BuildOutcome.Built>(await host.BuildAsync(s_source, install: Make)).WasThere);

        Assert.Contains($"artifacts/{built.Digest}.tar.gz", bucket.Keys);
    }

    [Fact]
    public async Task Sweep_leaves_in_the_bucket_what_is_in_use_or_young()
    {
        var bucket = new FakeBucket();
        await using var host = EngineHost.InBucket(bucket, ("ArtifactGrace", "00:00:00"));
        var built = await host.BuiltAsync(s_source, install: Make);
        await using var careful = EngineHost.InBucket(bucket);

        Assert.Equal(0, await host.Artifacts.RemoveUnusedAsync(new HashSet<string> { built.Digest }, Cancel));
        Assert.Equal(0, await careful.Artifacts.RemoveUnusedAsync(new HashSet<string>(), Cancel));
        Assert.Equal(2, bucket.Keys.Count);
        await host.Artifacts.RemoveUnusedAsync(new HashSet<string>(), Cancel);

        Assert.Empty(bucket.Keys);
        Assert.False(Directory.Exists(host.ArtifactFolder(built)));
    }

    /// <summary>Everything that there is, with modes and targets.</summary>
    private static IReadOnlyList<string> Tree(string folder) =>
    [
        .. Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(path =>
            $"{Path.GetRelativePath(folder, path)} {new FileInfo(path).LinkTarget} {File.GetUnixFileMode(path)} {(File.Exists(path) ? File.ReadAllText(path) : "")}"),
    ];

    private static async Task<byte[]> DamagedAsync(string artifact, string how, string outside)
    {
        var file = Path.GetTempFileName();
        await ArtifactArchive.PackAsync(artifact, file, Cancel);
        using var bytes = new MemoryStream();
        await using (var source = new GZipStream(File.OpenRead(file), CompressionMode.Decompress))
        await using (var target = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        await using (var reader = new TarReader(source))
        await using (var writer = new TarWriter(target))
        {
            while (await reader.GetNextEntryAsync(copyData: true, Cancel) is { } entry) await writer.WriteEntryAsync(entry, Cancel);
            if (how is "changed") await writer.WriteEntryAsync(Text("src/more.txt"), Cancel);
            if (how is "upwards") await writer.WriteEntryAsync(Text("../../outside"), Cancel);
            if (how is "through a link")
            {
                await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.SymbolicLink, "src/out") { LinkName = Path.GetDirectoryName(outside)! }, Cancel);
                await writer.WriteEntryAsync(Text("src/out/outside"), Cancel);
            }
        }

        File.Delete(file);
        return bytes.ToArray();

        static PaxTarEntry Text(string name) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream([1]) };
    }
}
