using System.Formats.Tar;
using System.IO.Compression;
using Pilothouse.Builds.Sources;
using Pilothouse.Core.Builds;
using Xunit;

namespace Pilothouse.Builds.Tests.Sources;

public sealed class SourceArchiveTests
{
    public static TheoryData<string> Hostile() => [.. HostileArchives.All.Keys];

    [Theory]
    [MemberData(nameof(Hostile))]
    public void T3_hostile_archive_is_refused_in_one_sentence_and_writes_nothing_outside(string name)
    {
        using var folder = new SourceFolder();
        var before = folder.Outside();
        var (archive, sentence) = HostileArchives.All[name];

        var unpacked = folder.Unpack(archive);

        Assert.Equal(new Unpacked.Refused(sentence), unpacked);
        Assert.Equal(before, folder.Outside());
        Assert.False(folder.HasLinks());
    }

    [Fact]
    public void Plain_files_and_folders_arrive_whatever_owner_time_and_special_bits_they_have()
    {
        using var folder = new SourceFolder();

        var unpacked = folder.Unpack(TarText.Of(
            tar => tar.Folder("./"), tar => tar.Folder("./empty/"), tar => tar.File("./src//agent.ts", "code"), tar => tar.File("run.sh", "go", mode: "0006755"),
            tar => tar.Entry("old", '\0', "v7"u8.ToArray(), magic: "\0\0\0\0\0\0"), tar => tar.Entry("older/", '\0', [], magic: "\0\0\0\0\0\0"),
            tar => tar.Pax('g', ("comment", "of git archive")), tar => tar.Pax('x', ("mtime", "1.000000001"), ("uid", "123456789")), tar => tar.File("-rf", "odd")));

        Assert.IsType<Unpacked.Done>(unpacked);
        Assert.Equal(["-rf=odd", "empty/", "old=v7", "older/", "run.sh=go", "src/", "src/agent.ts=code"], folder.Inside());
        Assert.Equal(
            UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(folder.Source, "run.sh")) & (UnixFileMode.SetUser | UnixFileMode.SetGroup | UnixFileMode.UserExecute));
    }

    [Fact]
    public void Of_several_entries_with_one_name_the_last_is_taken()
    {
        using var folder = new SourceFolder();

        var unpacked = folder.Unpack(TarText.Of(tar => tar.File("a", "first, and longer"), tar => tar.File("./a", "last", mode: "0000755"), tar => tar.Folder("b"), tar => tar.Folder("b/")));

        Assert.True(unpacked is Unpacked.Done { Files: 1, Bytes: 4, LeftOut: [] });
        Assert.Equal(["a=last", "b/"], folder.Inside());
    }

    [Fact]
    public void Names_that_differ_in_case_or_encoding_stay_apart_or_are_refused_but_never_mix()
    {
        using var folder = new SourceFolder();

        var unpacked = folder.Unpack(TarText.Of(tar => tar.File("Readme", "1"), tar => tar.File("README", "2"), tar => tar.File("caf\u00e9", "3"), tar => tar.File("cafe\u0301", "4")));

        if (unpacked is Unpacked.Done) Assert.Equal(["README=2", "Readme=1", "cafe\u0301=4", "caf\u00e9=3"], folder.Inside());
        else Assert.Contains("has the name of another entry", ((Unpacked.Refused)unpacked).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Environment_files_are_left_out_and_named_but_examples_stay()
    {
        using var folder = new SourceFolder();
        string[] left = [".env", ".env.local", "app/.env.production", ".envrc", ".ENV", ".env/bin/python", ".env.production.local"];
        string[] kept = [".env.example", "app/.env.sample", ".env.local.template", ".environment", "env", "my.env"];

        var unpacked = folder.Unpack(TarText.Of([.. left.Concat(kept).Select(name => (Action<TarText>)(tar => tar.File(name, "KEY=1")))]));

        Assert.Equal(left, Assert.IsType<Unpacked.Done>(unpacked).LeftOut);
        Assert.Equal(kept.Order(StringComparer.Ordinal), folder.Inside().Where(line => !line.EndsWith('/')).Select(line => line.Split('=')[0]));
    }

    [Theory]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.Ustar)]
    public void Archives_of_the_usual_programs_are_read_also_with_long_names(TarEntryFormat format)
    {
        using var folder = new SourceFolder();
        using var bytes = new MemoryStream();
        var name = $"{new string('a', 60)}/{new string('b', 60)}/ä.txt";
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (var writer = new TarWriter(gzip, format))
        {
            System.Formats.Tar.TarEntry entry = format switch
            {
                TarEntryFormat.Pax => new PaxTarEntry(TarEntryType.RegularFile, name),
                TarEntryFormat.Gnu => new GnuTarEntry(TarEntryType.RegularFile, name),
                _ => new UstarTarEntry(TarEntryType.RegularFile, name),
            };
            entry.DataStream = new MemoryStream("text"u8.ToArray());
            writer.WriteEntry(entry);
        }

        var unpacked = folder.Unpack(bytes.ToArray());

        Assert.IsType<Unpacked.Done>(unpacked);
        Assert.Contains($"{name}=text", folder.Inside());
    }

    [Fact]
    public void File_that_is_not_the_uploaded_one_is_no_fault_of_the_project()
    {
        using var folder = new SourceFolder();
        var file = Path.Combine(Path.GetDirectoryName(folder.Source)!, "archive.tgz");
        File.WriteAllBytes(file, TarText.Of(tar => tar.File("a")));

        var thrown = Assert.Throws<BuildUnavailableException>(
            () => SourceArchive.Unpack(new BuildSource.Tarball(file, new string('0', 64)), folder.Source, SourceFolder.Limits, CancellationToken.None));

        Assert.Contains("is not the archive that was uploaded", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Noise_in_place_of_any_byte_of_an_archive_never_writes_outside()
    {
        using var folder = new SourceFolder();
        var before = folder.Outside();
        var tar = new TarText().Pax('x', ("path", "src/a")).File("a", "content").Folder("b").File("b/c", "more").End();
        var random = new Random(11);
        for (var round = 0; round < 600; round++)
        {
            var broken = (byte[])tar.Clone();
            for (var change = 0; change < 3; change++) broken[random.Next(broken.Length)] = (byte)random.Next(256);

            folder.Unpack(TarText.Gzip(broken));

            if (Directory.Exists(folder.Source)) Directory.Delete(folder.Source, recursive: true);
        }

        Assert.Equal(before, folder.Outside());
    }
}
