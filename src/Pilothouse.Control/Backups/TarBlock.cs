using System.Buffers.Binary;
using System.Text;

namespace Pilothouse.Control.Backups;

/// <summary>
/// Headers of a ustar archive of plain files (POSIX.1-2017, pax, "ustar Interchange Format"), and nothing else that such archives may hold: what
/// has links, folders or extended headers was not written here.
/// </summary>
internal static class TarBlock
{
    public const int Bytes = 512;
    private const int NameBytes = 100;
    private const int SizeAt = 124;
    private const int SizeBytes = 12;
    private const int SumAt = 148;
    private const int KindAt = 156;
    private const int MagicAt = 257;

    // Eleven octal digits.
    private const long OctalLimit = 1L << 33;

    private static ReadOnlySpan<byte> Magic => "ustar\u000000"u8;

    /// <param name="name">At most 100 characters of ASCII.</param>
    public static byte[] Header(string name, long size, DateTimeOffset at)
    {
        var block = new byte[Bytes];
        Encoding.ASCII.GetBytes(name, block.AsSpan(0, NameBytes));
        WriteOctal(block.AsSpan(100, 8), 0x180); // 0600
        WriteOctal(block.AsSpan(108, 8), 0);
        WriteOctal(block.AsSpan(116, 8), 0);
        WriteSize(block.AsSpan(SizeAt, SizeBytes), size);
        WriteOctal(block.AsSpan(136, 12), at.ToUnixTimeSeconds());
        block[KindAt] = (byte)'0';
        Magic.CopyTo(block.AsSpan(MagicAt));
        WriteOctal(block.AsSpan(SumAt, 8), Sum(block));
        return block;
    }

    /// <returns>Null for an empty block, which ends an archive.</returns>
    /// <exception cref="InvalidDataException">Anything else than a plain file.</exception>
    public static (string Name, long Size)? Parse(ReadOnlySpan<byte> block)
    {
        if (!block.ContainsAnyExcept((byte)0)) return null;
        if (!block.Slice(MagicAt, Magic.Length).SequenceEqual(Magic)) throw new InvalidDataException("an entry's header is not one");
        if (ReadOctal(block.Slice(SumAt, 8)) != Sum(block)) throw new InvalidDataException("an entry's header is damaged");
        if (block[KindAt] != (byte)'0' || block[(KindAt + 1)..MagicAt].ContainsAnyExcept((byte)0) || block[345..].ContainsAnyExcept((byte)0))
            throw new InvalidDataException("an entry is no plain file");
        return (Encoding.ASCII.GetString(block[..NameBytes].TrimEnd((byte)0)), ReadSize(block.Slice(SizeAt, SizeBytes)));
    }

    /// <summary>To the next whole block.</summary>
    public static int Padding(long size) => (int)((Bytes - size % Bytes) % Bytes);

    /// <summary>Above 8 GiB as GNU tar does: a set bit, then a binary number.</summary>
    private static void WriteSize(Span<byte> field, long size)
    {
        if (size < OctalLimit)
        {
            WriteOctal(field, size);
            return;
        }

        field[0] = 0x80;
        BinaryPrimitives.WriteInt64BigEndian(field[4..], size);
    }

    private static long ReadSize(ReadOnlySpan<byte> field)
    {
        var size = field[0] == 0x80 ? BinaryPrimitives.ReadInt64BigEndian(field[4..]) : ReadOctal(field);
        return size >= 0 ? size : throw new InvalidDataException("an entry's size is none");
    }

    private static void WriteOctal(Span<byte> field, long value)
    {
        for (var at = field.Length - 2; at >= 0; at--, value >>= 3) field[at] = (byte)('0' + (value & 7));
        field[^1] = 0;
    }

    private static long ReadOctal(ReadOnlySpan<byte> field)
    {
        var value = 0L;
        foreach (var digit in field.TrimEnd("\0 "u8))
            value = digit is >= (byte)'0' and <= (byte)'7' ? value << 3 | (long)(digit - '0') : throw new InvalidDataException("an entry's header is damaged");
        return value;
    }

    /// <summary>Of all bytes, with spaces where the sum itself will be.</summary>
    private static long Sum(ReadOnlySpan<byte> block)
    {
        var sum = 8L * ' ';
        for (var at = 0; at < block.Length; at++) sum += at is >= SumAt and < SumAt + 8 ? 0 : block[at];
        return sum;
    }
}
