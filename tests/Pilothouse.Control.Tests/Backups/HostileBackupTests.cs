using System.Text;
using System.Text.Json.Nodes;
using Pilothouse.Control.Backups;
using Pilothouse.Control.Tests.World;
using Xunit;

namespace Pilothouse.Control.Tests.Backups;

/// <summary>A file that somebody else wrote, or a bad disk: refused with one sentence, and nothing is written anywhere.</summary>
public sealed class HostileBackupTests(BackupFixture fixture) : BackupTest(fixture)
{
    [Fact]
    public async Task Backup_that_is_cut_off_anywhere_is_refused()
    {
        var whole = await File.ReadAllBytesAsync(Backup, Cancel);
        foreach (var length in Enumerable.Range(0, 40).Select(at => whole.Length * at / 40).Append(whole.Length - 1))
            await AssertRefusedAsync(async file => await File.WriteAllBytesAsync(file, whole[..length], Cancel), "damaged, or no backup", $"cut to {length}");
    }

    [Fact]
    public async Task Byte_that_flipped_anywhere_is_noticed()
    {
        var whole = await File.ReadAllBytesAsync(Backup, Cancel);

        var plain = await BackupFiles.UnpackAsync(Backup);

        // The first ten are gzip's own header, whose time and system mean nothing; some bits further on only fill up a byte.
        var noticed = 0;
        for (var at = 10; at < whole.Length; at += whole.Length / 80)
        {
            var flipped = whole.ToArray();
            flipped[at] ^= 0x10;
            if (await BackupFiles.UnpacksToAsync(flipped, plain)) continue;
            noticed++;
            await AssertRefusedAsync(async file => await File.WriteAllBytesAsync(file, flipped, Cancel), "damaged, or no backup", $"byte {at}");
        }

        Assert.InRange(noticed, 70, 100);
    }

    /// <summary>Below gzip's sum, as somebody does it who packs the archive anew.</summary>
    [Fact]
    public async Task Byte_that_was_changed_in_the_archive_is_noticed()
    {
        var plain = await BackupFiles.UnpackAsync(Backup);
        for (var at = 0; at < plain.Length - 1024; at += plain.Length / 60)
        {
            var changed = plain.ToArray();
            changed[at] ^= 1;
            if (IsPadding(plain, at)) continue;
            await AssertRefusedAsync(async file => await BackupFiles.PackAsync(file, changed), "cannot be used", $"byte {at}");
        }
    }

    [Theory]
    [InlineData("tables/../../../escaped.jsonl")]
    [InlineData("../escaped")]
    [InlineData("/tmp/escaped")]
    [InlineData("blobs/../../escaped")]
    [InlineData("blobs/0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("extra")]
    public async Task Entry_that_belongs_nowhere_is_refused(string name)
    {
        foreach (var place in new[] { 0, 1, 3, int.MaxValue })
        {
            await AssertRefusedAsync(
                file => BackupFiles.RewriteAsync(Backup, file, entries => entries.Insert(Math.Min(place, entries.Count), (name, "evil\n"u8.ToArray()))),
                "damaged, or no backup", $"{name} at {place}");
        }
    }

    [Theory]
    [InlineData('1')]
    [InlineData('2')]
    [InlineData('3')]
    [InlineData('5')]
    [InlineData('x')]
    [InlineData('L')]
    public async Task Links_devices_folders_and_extended_headers_are_refused(char kind)
    {
        var plain = await BackupFiles.UnpackAsync(Backup);
        var header = TarBlock.Header("tables/link", 0, default);
        header[156] = (byte)kind;
        Encoding.ASCII.GetBytes("/etc/passwd").CopyTo(header, 157);
        Mend(header);

        await AssertRefusedAsync(file => BackupFiles.PackAsync(file, [.. header, .. plain]), "an entry is no plain file", $"kind {kind}");
    }

    [Theory]
    [InlineData("../../../../escaped.tar.gz")]
    [InlineData("/tmp/escaped.tar.gz")]
    [InlineData("uploads/../../escaped.tar.gz")]
    [InlineData("uploads/00000000-0000-0000-0000-000000000000/00000000-0000-0000-0000-000000000000/00000000000000000000000000000000.tar.gz")]
    public Task Upload_that_would_lie_elsewhere_is_refused(string path) => AssertRefusedAsync(
        file => BackupFiles.RewriteAsync(Backup, file, entries =>
        {
            var at = ColumnOf(entries, "uploads", "object_path");
            entries.ChangeRows("uploads", row => row[at] = path);
        }),
        "an upload is to lie at", path);

    [Fact]
    public async Task Row_that_unpacks_without_end_is_refused_before_it_is_in_memory()
    {
        var before = GC.GetTotalAllocatedBytes();
        await AssertRefusedAsync(file => BombAsync(file, "tables/"), "is larger than rows are", "row");
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 400_000_000);
    }

    [Fact]
    public Task Archive_that_unpacks_to_more_than_its_upload_is_refused_before_it_is_read() =>
        AssertRefusedAsync(file => BombAsync(file, "blobs/"), "another size than its upload", "blob");

    [Theory]
    [InlineData("drop\"; --")]
    [InlineData("sqlite_master")]
    public Task Tables_and_columns_that_the_schema_does_not_have_are_refused(string name) => AssertRefusedAsync(
        file => BackupFiles.RewriteAsync(Backup, file, entries => entries.ChangeHeader(header => header.Table("workspaces")["columns"]![2]!["name"] = name)), "", name);

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"format\":1}")]
    [InlineData("{\"format\":1,\"program_version\":\"1\",\"engine\":\"sqlite\",\"migration\":\"x\",\"taken_at\":\"2026-01-01T00:00:00Z\",\"tables\":[null],\"identities\":{}}")]
    public Task Header_that_is_none_is_refused(string header) => AssertRefusedAsync(
        file => BackupFiles.RewriteAsync(Backup, file, entries => entries[0] = (entries[0].Name, Encoding.UTF8.GetBytes(header))), "damaged, or no backup", header);

    [Theory]
    [InlineData("{}")]
    [InlineData("[1,2]")]
    [InlineData("[[[[[[[[]]]]]]]]")]
    [InlineData("not json")]
    public Task Row_that_is_none_is_refused(string row) => AssertRefusedAsync(
        file => BackupFiles.RewriteAsync(Backup, file, entries =>
        {
            var at = entries.FindIndex(entry => entry.Name.StartsWith("tables/workspaces/", StringComparison.Ordinal));
            entries[at] = (entries[at].Name, Encoding.UTF8.GetBytes(row + "\n"));
        }),
        "a row of 'workspaces' ", row);

    [Fact]
    public async Task Files_that_are_no_backups_are_refused()
    {
        await AssertRefusedAsync(file => File.WriteAllTextAsync(file, "", Cancel), "damaged, or no backup", "empty");
        await AssertRefusedAsync(file => File.WriteAllTextAsync(file, "hello", Cancel), "damaged, or no backup", "text");
        await AssertRefusedAsync(file => BackupFiles.PackAsync(file, new byte[4096]), "damaged, or no backup", "nothing in it");
        await AssertRefusedAsync(_ => Task.CompletedTask, "There is no file ", "absent");
        await AssertRefusedAsync(async file => await BackupFiles.PackAsync(file, [.. await BackupFiles.UnpackAsync(Backup), 1]), "after its end", "more");
    }

    private async Task AssertRefusedAsync(Func<string, Task> make, string says, string what)
    {
        var file = NewFile();
        await make(file);
        var directory = NewDirectory();
        var around = Path.GetDirectoryName(Path.GetDirectoryName(directory))!;
        var before = Directory.EnumerateFileSystemEntries(around, "*", SearchOption.AllDirectories).ToList();
        await using var store = new OfflineStore(directory);

        var refused = await Record.ExceptionAsync(() => store.Backups.RestoreAsync(file, Cancel));

        Assert.True(refused is BackupRefusedException, $"{what}: {refused}");
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(refused.Message, character => char.IsControl(character));
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(around, "*", SearchOption.AllDirectories));
    }

    /// <summary>A whole gigabyte of zeros in the first entry below that folder.</summary>
    private async Task BombAsync(string file, string folder)
    {
        const int blocks = 1024 * 1024 * 2;
        var zeros = new byte[64 * TarBlock.Bytes];
        await using var packed = new System.IO.Compression.GZipStream(File.Create(file), System.IO.Compression.CompressionLevel.Fastest);
        foreach (var (name, content) in await BackupFiles.ReadAsync(Backup))
        {
            if (name.StartsWith(folder, StringComparison.Ordinal))
            {
                await packed.WriteAsync(TarBlock.Header(name, (long)blocks * TarBlock.Bytes, default), Cancel);
                for (var written = 0; written < blocks / 8; written += 64) await packed.WriteAsync(zeros, Cancel);
                return;
            }

            await packed.WriteAsync(TarBlock.Header(name, content.Length, default), Cancel);
            await packed.WriteAsync(content, Cancel);
            await packed.WriteAsync(new byte[TarBlock.Padding(content.Length)], Cancel);
        }
    }

    private static int ColumnOf(List<(string Name, byte[] Content)> entries, string table, string column) =>
        JsonNode.Parse(entries[0].Content)!.AsObject().Table(table)["columns"]!.AsArray().ToList()
            .FindIndex(one => string.Equals((string?)one!["name"], column, StringComparison.Ordinal));

    /// <summary>Between an entry's end and the next block: zeros that nobody reads.</summary>
    private static bool IsPadding(byte[] plain, int at)
    {
        for (var block = 0; block < plain.Length;)
        {
            if (TarBlock.Parse(plain.AsSpan(block, TarBlock.Bytes)) is not var (_, size)) return true;
            var end = block + TarBlock.Bytes + (int)size;
            var next = end + TarBlock.Padding(size);
            if (at < next) return at >= end;
            block = next;
        }

        return true;
    }

    private static void Mend(byte[] header)
    {
        header.AsSpan(148, 8).Fill((byte)' ');
        var sum = header.Sum(value => (int)value);
        Encoding.ASCII.GetBytes($"{Convert.ToString(sum, 8).PadLeft(6, '0')}\0 ").CopyTo(header, 148);
    }
}
