using System.IO.Compression;
using System.Text;

namespace Pilothouse.Builds.Tests.Sources;

/// <summary>Archives written byte by byte, since no library writes the ones that matter here.</summary>
internal sealed class TarText
{
    private readonly MemoryStream _bytes = new();

    public static byte[] Gzip(byte[] bytes)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Optimal)) gzip.Write(bytes);
        return target.ToArray();
    }

    public static byte[] Of(params Action<TarText>[] entries)
    {
        var tar = new TarText();
        foreach (var entry in entries) entry(tar);
        return Gzip(tar.End());
    }

    public TarText File(string name, string content = "x", string mode = "0000644") => Entry(name, '0', Encoding.UTF8.GetBytes(content), mode: mode);

    public TarText Folder(string name) => Entry(name, '5', []);

    public TarText Pax(char type, params (string Key, string Value)[] records) =>
        Entry("PaxHeaders/x", type, Encoding.UTF8.GetBytes(string.Concat(records.Select(record => Record(record.Key, record.Value)))));

    /// <param name="size">Octal or binary as it stands in the header; null: the content's.</param>
    public TarText Entry(
        string name, char type, byte[] content, string? size = null, string link = "", string mode = "0000644", string magic = "ustar\0", string prefix = "", bool breaksChecksum = false)
    {
        var block = new byte[512];
        Put(block, 0, 100, Encoding.UTF8.GetBytes(name));
        Put(block, 100, 8, Encoding.ASCII.GetBytes(mode));
        Put(block, 108, 8, "7777777"u8);
        Put(block, 116, 8, "7777777"u8);
        Put(block, 124, 12, Encoding.Latin1.GetBytes(size ?? Convert.ToString(content.LongLength, 8).PadLeft(11, '0')));
        Put(block, 136, 12, "00000000001"u8);
        block[156] = (byte)type;
        Put(block, 157, 100, Encoding.UTF8.GetBytes(link));
        Put(block, 257, 6, Encoding.ASCII.GetBytes(magic));
        Put(block, 263, 2, "00"u8);
        Put(block, 345, 155, Encoding.UTF8.GetBytes(prefix));
        block.AsSpan(148, 8).Fill((byte)' ');
        var sum = block.Sum(value => value) + (breaksChecksum ? 1 : 0);
        Put(block, 148, 7, Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0"));
        _bytes.Write(block);
        _bytes.Write(content);
        _bytes.Write(new byte[(512 - (content.Length % 512)) % 512]);
        return this;
    }

    public TarText Raw(byte[] bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public byte[] End(int zeros = 1024) => [.. _bytes.ToArray(), .. new byte[zeros]];

    public static string Record(string key, string value)
    {
        var rest = Encoding.UTF8.GetByteCount($" {key}={value}\n");
        var length = rest + 1;
        while (length != rest + length.ToString().Length) length = rest + length.ToString().Length;
        return $"{length} {key}={value}\n";
    }

    private static void Put(byte[] block, int at, int length, ReadOnlySpan<byte> value) => value[..Math.Min(length, value.Length)].CopyTo(block.AsSpan(at));
}
