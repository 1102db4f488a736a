using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Text;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.Hostile;

/// <summary>T3 by the whole way: uploaded, taken, and refused by a build that says why. All of them byte by byte are tests of the unpacking itself.</summary>
[Collection(SharedServer.Name)]
public sealed class ArchiveTests(ServerFixture world)
{
    private static readonly (byte[] Archive, string Sentence)[] s_hostile =
    [
        (Tar(File("../../../owned")), "leads upwards by '..'"),
        (Tar(File("a/../../owned")), "leads upwards by '..'"),
        (Tar(File("/tmp/pilothouse-owned")), "is absolute"),
        (Tar(Link(TarEntryType.SymbolicLink, "link", "/etc"), File("link/owned")), "symbolic link"),
        (Tar(Link(TarEntryType.SymbolicLink, "langgraph.json", "../../../bootstrap-key")), "symbolic link"),
        (Tar(Link(TarEntryType.HardLink, "hard", "/etc/passwd")), "hard link"),
        (Tar(new PaxTarEntry(TarEntryType.Fifo, "pipe")), "named pipe"),
        (Tar(new PaxTarEntry(TarEntryType.CharacterDevice, "null") { DeviceMajor = 1, DeviceMinor = 3 }), "is a device"),
        (Tar(File("a\nERROR forged")), "control character"),
        (Tar(File("a"), File("a/b")), "another entry is a file of the same name"),
        (Tar(File(string.Join('/', Enumerable.Repeat("d", 70)))), "folders deep"),
        (Bomb(), "times its size"),
        (Gzip("this is no archive at all, and long enough for a header: " + new string('x', 1000)), "no tar archive at all"),
        (Tar(File("langgraph.json"))[..60], "cut off"),
        (Tar(File("readme")), "langgraph.json"),
        (Project("{\"graphs\":{\"\\ud800\":\"./a.ts:graph\"}}", "{}"), "half a character"),
        (Project("{\"graphs\":{\"agent\":\"./no.ts:graph\"}}", "{\"\\ud800\":1,\"dependencies\":{\"@langchain/langgraph\":\"\\udc00\"}}"), "graphs.agent points to ./no.ts:graph"),
        (Project("{\"graphs\":{\"agent\":\"./no.ts:graph\"}}", new string('[', 5_000)), "package.json of the project is not valid JSON"),
    ];

    [Fact]
    public async Task T3_hostile_archives_end_as_failed_builds_with_a_sentence_and_write_nothing_outside()
    {
        var id = (await world.Control.CreateAsync(ServerFixture.Name("archive"))).GetProperty("id").GetString()!;

        foreach (var (archive, sentence) in s_hostile)
        {
            var revision = await world.Control.DeployAsync(id, archive);
            await world.Control.UntilAsync(id, revision, "BUILD_FAILED");
            var log = await world.Control.LogAsync(id, revision, "build");
            Assert.Contains(log.Split('\n'), line => line.StartsWith("ERROR ", StringComparison.Ordinal) && line.Contains(sentence, StringComparison.Ordinal));
            Assert.DoesNotContain(log.Split('\n'), line => line.StartsWith("ERROR forged", StringComparison.Ordinal));
            Assert.DoesNotContain(world.Server.Key, log, StringComparison.Ordinal);
        }

        // Folders of the server's own may have come meanwhile; none that an archive names.
        Assert.DoesNotContain(
            Directory.GetFileSystemEntries(world.Server.DataDirectory).Select(Path.GetFileName),
            name => name is "owned" or "link" or "hard" or "pipe" or "null" or "a" or "d" or "zeros" or "readme" or "langgraph.json");
        Assert.False(System.IO.File.Exists("/tmp/pilothouse-owned"));
        Assert.False(System.IO.File.Exists("/etc/owned"));
        Assert.Empty(Directory.EnumerateFiles(world.Server.DataDirectory, "owned", SearchOption.AllDirectories));
        TestContext.Current.TestOutputHelper?.WriteLine($"{s_hostile.Length} archives");
    }

    [Fact]
    public async Task T3_what_is_no_gzip_is_refused_at_the_upload()
    {
        var id = (await world.Control.CreateAsync(ServerFixture.Name("upload"))).GetProperty("id").GetString()!;
        using var bare = new HttpClient();
        foreach (var body in (byte[][])[[], "PK\u0003\u0004 a zip"u8.ToArray(), "{}"u8.ToArray(), new byte[512]])
        {
            var upload = await world.Control.SendAsync(HttpMethod.Post, $"/v2/deployments/{id}/upload-url", new { });
            using var content = new ByteArrayContent(body);
            using var answer = await bare.PutAsync(new Uri(upload.GetProperty("upload_url").GetString()!), content, Repository.Cancel);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Contains("gzip", await answer.Content.ReadAsStringAsync(Repository.Cancel), StringComparison.Ordinal);
        }
    }

    private static PaxTarEntry File(string name) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream("owned"u8.ToArray()) };

    private static PaxTarEntry Link(TarEntryType type, string name, string target) => new(type, name) { LinkName = target };

    private static byte[] Project(string config, string package) =>
        Tarball.OfFiles(new Dictionary<string, string> { ["langgraph.json"] = config, ["package.json"] = package });

    private static byte[] Tar(params PaxTarEntry[] entries)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.SmallestSize, leaveOpen: true))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Pax))
        {
            foreach (var entry in entries) tar.WriteEntry(entry);
        }

        return bytes.ToArray();
    }

    /// <summary>A thousand times its size.</summary>
    private static byte[] Bomb() => Tar(new PaxTarEntry(TarEntryType.RegularFile, "zeros") { DataStream = new MemoryStream(new byte[64 << 20]) });

    private static byte[] Gzip(string text)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return bytes.ToArray();
    }
}
