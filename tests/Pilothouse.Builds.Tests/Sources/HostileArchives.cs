using System.Text;

namespace Pilothouse.Builds.Tests.Sources;

/// <summary>Archives that somebody made on purpose, each with the sentence that refuses it (T3).</summary>
internal static class HostileArchives
{
    private const string OnlyPlain = "a source holds plain files and folders only.";
    private static readonly string s_deep = string.Join('/', Enumerable.Repeat("d", 9));

    public static IReadOnlyDictionary<string, (byte[] Archive, string Sentence)> All { get; } = new Dictionary<string, (byte[], string)>
    {
        ["parent"] = (TarText.Of(tar => tar.File("../sibling/secret", "owned")), "The archive's entry '../sibling/secret' leads upwards by '..'."),
        ["parent in the middle"] = (TarText.Of(tar => tar.File("a/../../sibling/secret", "owned")), "The archive's entry 'a/../../sibling/secret' leads upwards by '..'."),
        ["parent that stays inside"] = (TarText.Of(tar => tar.File("a/../b")), "The archive's entry 'a/../b' leads upwards by '..'."),
        ["parent as a folder"] = (TarText.Of(tar => tar.Folder("..")), "The archive's entry '..' leads upwards by '..'."),
        ["parent behind dots and slashes"] = (TarText.Of(tar => tar.File(".//./..//sibling/secret")), "The archive's entry './/./..//sibling/secret' leads upwards by '..'."),
        ["absolute"] = (TarText.Of(tar => tar.File("/tmp/owned")), "The archive's entry '/tmp/owned' is absolute."),
        ["absolute by two slashes"] = (TarText.Of(tar => tar.File("//tmp/owned")), "The archive's entry '//tmp/owned' is absolute."),
        ["absolute by prefix"] = (TarText.Of(tar => tar.Entry("owned", '0', [], prefix: "/tmp")), "The archive's entry '/tmp/owned' is absolute."),
        ["parent by prefix"] = (TarText.Of(tar => tar.Entry("secret", '0', [], prefix: "../sibling")), "The archive's entry '../sibling/secret' leads upwards by '..'."),
        ["backslashes"] = (TarText.Of(tar => tar.File(@"..\sibling\secret")), @"The archive's entry '..\sibling\secret' has a backslash in its name."),
        ["one backslash"] = (TarText.Of(tar => tar.File(@"a\b")), @"The archive's entry 'a\b' has a backslash in its name."),
        ["drive letter"] = (TarText.Of(tar => tar.File("C:/owned")), "The archive's entry 'C:/owned' begins with a drive letter."),
        ["no name"] = (TarText.Of(tar => tar.File("")), "The archive's entry '' has no name."),
        ["root as a file"] = (TarText.Of(tar => tar.File("./.")), "The archive's entry './.' is a file in the place of the source's own folder."),
        ["line break"] = (TarText.Of(tar => tar.File("a\nINFO deployed")), "The archive's entry 'a\\u000aINFO deployed' has a control character in its name."),
        ["escape"] = (TarText.Of(tar => tar.File("\u001b[2Ja")), "The archive's entry '\\u001b[2Ja' has a control character in its name."),
        ["turned around"] = (TarText.Of(tar => tar.File("gnp\u202e.exe")), "The archive's entry 'gnp\\u202e.exe' has a control character in its name."),
        ["not UTF-8"] = (TarText.Of(tar => tar.Raw(WithName([0x61, 0xff, 0x62]))), "The archive's entry 'aÿb' has a name that is not UTF-8."),
        ["overlong slash"] = (TarText.Of(tar => tar.Raw(WithName([0x2e, 0x2e, 0xc0, 0xaf, 0x61]))), "The archive's entry '..À¯a' has a name that is not UTF-8."),
        ["symbolic link"] = (TarText.Of(tar => tar.Entry("link", '2', [], link: "../sibling"), tar => tar.File("link/secret", "owned")), $"The archive's entry 'link' is a symbolic link; {OnlyPlain}"),
        ["absolute symbolic link"] = (TarText.Of(tar => tar.Entry("link", '2', [], link: "/etc/passwd")), $"The archive's entry 'link' is a symbolic link; {OnlyPlain}"),
        ["symbolic link to itself"] = (TarText.Of(tar => tar.Entry("a", '2', [], link: "a")), $"The archive's entry 'a' is a symbolic link; {OnlyPlain}"),
        ["chain of links and a hard link"] = (TarText.Of(tar => tar.Folder("a"), tar => tar.Entry("a/b", '2', [], link: "."), tar => tar.Entry("c", '1', [], link: "a/b/../../sibling/secret")), $"The archive's entry 'a/b' is a symbolic link; {OnlyPlain}"),
        ["hard link to outside"] = (TarText.Of(tar => tar.Entry("hard", '1', [], link: "../sibling/secret")), $"The archive's entry 'hard' is a hard link; {OnlyPlain}"),
        ["hard link to inside"] = (TarText.Of(tar => tar.File("a"), tar => tar.Entry("b", '1', [], link: "a")), $"The archive's entry 'b' is a hard link; {OnlyPlain}"),
        ["long link of GNU"] = (TarText.Of(tar => tar.Entry("././@LongLink", 'K', Encoding.UTF8.GetBytes("../sibling\0"))), $"The archive's entry '././@LongLink' is a symbolic link; {OnlyPlain}"),
        ["file with a link target"] = (TarText.Of(tar => tar.Entry("a", '0', [], link: "/etc/passwd")), "The archive's entry 'a' is a plain file with a link target."),
        ["character device"] = (TarText.Of(tar => tar.Entry("null", '3', [])), $"The archive's entry 'null' is a device; {OnlyPlain}"),
        ["block device"] = (TarText.Of(tar => tar.Entry("sda", '4', [])), $"The archive's entry 'sda' is a device; {OnlyPlain}"),
        ["named pipe"] = (TarText.Of(tar => tar.Entry("pipe", '6', [])), $"The archive's entry 'pipe' is a named pipe; {OnlyPlain}"),
        ["contiguous file"] = (TarText.Of(tar => tar.Entry("a", '7', [])), $"The archive's entry 'a' is a contiguous file; {OnlyPlain}"),
        ["sparse file of GNU"] = (TarText.Of(tar => tar.Entry("big", 'S', [], size: "77777777777")), $"The archive's entry 'big' is a sparse file; {OnlyPlain}"),
        ["sparse file of PAX"] = (TarText.Of(tar => tar.Pax('x', ("GNU.sparse.realsize", "1099511627776")), tar => tar.File("big")), "The archive's entry 'big' is a sparse file."),
        ["unknown kind"] = (TarText.Of(tar => tar.Entry("a", 'Z', [])), $"The archive's entry 'a' is of the unknown kind 'Z'; {OnlyPlain}"),
        ["volume of several"] = (TarText.Of(tar => tar.Entry("a", 'M', [])), $"The archive's entry 'a' is of the unknown kind 'M'; {OnlyPlain}"),
        ["path override"] = (TarText.Of(tar => tar.Pax('x', ("path", "../sibling/secret")), tar => tar.File("harmless", "owned")), "The archive's entry '../sibling/secret' leads upwards by '..'."),
        ["absolute path override"] = (TarText.Of(tar => tar.Pax('x', ("path", "/tmp/owned")), tar => tar.File("harmless")), "The archive's entry '/tmp/owned' is absolute."),
        ["path override with a NUL"] = (TarText.Of(tar => tar.Pax('x', ("path", "a\0/../b")), tar => tar.File("harmless")), "The archive's entry 'a\\u0000/../b' has a NUL in its name."),
        ["path override for all"] = (TarText.Of(tar => tar.Pax('g', ("path", "../sibling/secret")), tar => tar.File("harmless")), "The archive gives one path to all entries, in a global extended header."),
        ["size override"] = (TarText.Of(tar => tar.Pax('x', ("size", "1024")), tar => tar.File("a", "x")), "The archive's entry 'a' has two sizes, 1 and 1024 bytes."),
        ["negative size override"] = (TarText.Of(tar => tar.Pax('x', ("size", "-1")), tar => tar.File("a", "x")), "The archive's entry 'a' has no readable size."),
        ["link override"] = (TarText.Of(tar => tar.Pax('x', ("linkpath", "../sibling")), tar => tar.File("a")), "The archive's entry 'a' has a link target in its extended header."),
        ["long name of GNU"] = (TarText.Of(tar => tar.Entry("././@LongLink", 'L', Encoding.UTF8.GetBytes("../sibling/secret\0")), tar => tar.File("harmless")), "The archive's entry '../sibling/secret' leads upwards by '..'."),
        ["extended header without end"] = (TarText.Of(tar => tar.Entry("x", 'x', Encoding.UTF8.GetBytes("999 path=a\n"))), "The archive is damaged: an extended header cannot be read."),
        ["extended header with no length"] = (TarText.Of(tar => tar.Entry("x", 'x', Encoding.UTF8.GetBytes("path=a\n"))), "The archive is damaged: an extended header cannot be read."),
        ["extended header that is huge"] = (TarText.Of(tar => tar.Pax('x', ("comment", new string('a', 100_000)))), "The archive's extended header 'PaxHeaders/x' is longer than 65536 bytes."),
        ["extended header of nothing"] = (TarText.Of(tar => tar.File("a"), tar => tar.Pax('x', ("path", "b"))), "The archive ends after an extended header that belongs to no entry."),
        ["negative size"] = (TarText.Of(tar => tar.Entry("a", '0', [], size: "\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff")), "The archive's entry 'a' has no readable size."),
        ["size of 8 exbibytes"] = (TarText.Of(tar => tar.Entry("a", '0', [], size: "\u0080\0\0\0\u007f\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff")), "The archive's entry 'a' has 9223372036854775807 bytes, and 8388608 is the limit for one file."),
        ["size that is no number"] = (TarText.Of(tar => tar.Entry("a", '0', [], size: "9hello")), "The archive's entry 'a' has no readable size."),
        ["size beyond the end"] = (TarText.Of(tar => tar.Entry("a", '0', [1], size: "00000100000")), "The archive is cut off; upload it again."),
        ["wrong checksum"] = (TarText.Of(tar => tar.Entry("a", '0', [], breaksChecksum: true)), "The archive is damaged, or no tar archive at all: a header's checksum is wrong."),
        ["folder with content"] = (TarText.Of(tar => tar.Entry("a", '5', [1, 2, 3])), "The archive's entry 'a' is a folder with content."),
        ["file named like a folder"] = (TarText.Of(tar => tar.Entry("a/", '0', [1])), "The archive's entry 'a/' is a file with the name of a folder."),
        ["file below a file"] = (TarText.Of(tar => tar.File("a"), tar => tar.File("a/b")), "The archive's entry 'a' is a folder, and another entry is a file of the same name."),
        ["file over a folder"] = (TarText.Of(tar => tar.File("a/b"), tar => tar.File("a")), "The archive's entry 'a' is a file, and another entry is a folder of the same name."),
        ["too deep"] = (TarText.Of(tar => tar.File(s_deep)), $"The archive's entry '{s_deep}' lies 9 folders deep, and 8 is the limit."),
        ["too long a path"] = (TarText.Of(tar => tar.Pax('x', ("path", new string('p', 150) + "/" + new string('q', 150))), tar => tar.File("a")), $"The archive's entry '{new string('p', 150)}/{new string('q', 49)}…' has a path of more than 200 bytes."),
        ["too many files"] = (TarText.Of([.. Enumerable.Range(0, 101).Select(number => (Action<TarText>)(tar => tar.File($"f{number}")))]), "The archive holds more than 100 files and folders."),
        ["many folders by few files"] = (TarText.Of([.. Enumerable.Range(0, 20).Select(number => (Action<TarText>)(tar => tar.File($"{number}/a/b/c/d/e/f")))]), "The archive holds more than 100 files and folders."),
        ["too large a file"] = (TarText.Of(tar => tar.Entry("big", '0', new byte[(8 << 20) + 1])), "The archive's entry 'big' has 8388609 bytes, and 8388608 is the limit for one file."),
        ["too much together"] = (TarText.Of([.. Enumerable.Range(0, 9).Select(number => (Action<TarText>)(tar => tar.Entry($"f{number}", '0', Noise(8 << 20))))]), "The archive's files have more than 67108864 bytes together, with 'f8'."),
        ["bomb"] = (TarText.Of([.. Enumerable.Range(0, 6).Select(number => (Action<TarText>)(tar => tar.Entry($"f{number}", '0', new byte[8 << 20])))]), "The archive unpacks to more than 20 times its size."),
        ["bomb behind the end"] = (TarText.Gzip([.. new TarText().File("a").End(), .. new byte[40 << 20]]), "The archive unpacks to more than 20 times its size."),
        ["second archive behind the end"] = (TarText.Gzip([.. new TarText().File("a").End(), .. new TarText().File("b").End()]), "The archive holds something after its end."),
        ["cut off in a file"] = (TarText.Gzip(new TarText().File("a", new string('x', 2000)).End()[..1200]), "The archive is cut off; upload it again."),
        ["cut off between files"] = (TarText.Gzip(new TarText().File("a").File("b").End()[..1024]), "The archive is cut off; upload it again."),
        ["cut off gzip"] = (TarText.Of(tar => tar.Entry("a", '0', Noise(5000)))[..2000], "The archive is cut off; upload it again."),
        ["two gzip files in one"] = ([.. TarText.Of(tar => tar.File("a")), .. TarText.Gzip(new byte[10])], "The archive is damaged or cut off: its compressed data cannot be read. Upload it again."),
        ["cut off checksum"] = (TarText.Of(tar => tar.File("a"))[..^6], "The archive is damaged or cut off: its compressed data cannot be read. Upload it again."),
        ["broken checksum of gzip"] = (Broken(TarText.Of(tar => tar.File("a")), fromEnd: 6), "The archive is damaged or cut off: its compressed data cannot be read. Upload it again."),
        ["broken gzip"] = (Broken(TarText.Of(tar => tar.Entry("a", '0', Noise(5000))), fromEnd: 2500), "The archive is damaged or cut off: its compressed data cannot be read. Upload it again."),
        ["gzip of no archive"] = (TarText.Gzip(Encoding.UTF8.GetBytes("hello")), "The archive is cut off; upload it again."),
        ["gzip of noise"] = (TarText.Gzip(Noise(4096)), "The archive is damaged, or no tar archive at all: a header's checksum is wrong."),
        ["no gzip"] = (new TarText().File("a").End(), "The source is not a gzip'd tar archive."),
        ["zip"] = (Encoding.Latin1.GetBytes("PK\u0003\u0004 and so on"), "The source is not a gzip'd tar archive."),
        ["nothing"] = ([], "The source is not a gzip'd tar archive."),
        ["no file"] = (TarText.Of(), "The archive holds no file."),
        ["folders only"] = (TarText.Of(tar => tar.Folder("a")), "The archive holds no file."),
        ["environment only"] = (TarText.Of(tar => tar.File(".env", "KEY=1")), "The archive holds no file."),
    };

    private static byte[] WithName(byte[] name)
    {
        var header = new TarText().Entry(new string('?', name.Length), '0', []).End(zeros: 0);
        name.CopyTo(header, 0);
        header.AsSpan(148, 8).Fill((byte)' ');
        Encoding.ASCII.GetBytes(Convert.ToString(header.Sum(value => value), 8).PadLeft(6, '0') + "\0").CopyTo(header, 148);
        return header;
    }

    private static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        new Random(7).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Broken(byte[] bytes, int fromEnd)
    {
        bytes[^fromEnd] ^= 0x55;
        return bytes;
    }
}
