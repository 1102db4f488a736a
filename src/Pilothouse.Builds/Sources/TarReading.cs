using System.Buffers.Binary;
using System.Text;

namespace Pilothouse.Builds.Sources;

/// <summary>A file or folder in an archive.</summary>
/// <param name="Name">As the archive writes it, not yet judged.</param>
internal sealed record TarEntry(string Name, bool IsFolder, long Size, bool IsExecutable);

/// <summary>
/// Reads ustar, PAX and GNU archives, whatever is in them, and refuses all that is neither file nor folder. Our own and not the library's, because
/// that one takes names, sizes and link targets from extended headers without saying so, and skips what it does not know.
/// </summary>
/// <param name="stream">The archive, unpacked.</param>
internal sealed class TarReading(Stream stream)
{
    private const int BlockBytes = 512;
    private const int LongestExtension = 64 * 1024;

    private readonly byte[] _block = new byte[BlockBytes];
    private readonly byte[] _buffer = new byte[64 * 1024];
    private long _left;
    private int _padding;

    /// <summary>The next entry, or null after the last.</summary>
    /// <exception cref="SourceRefusedException">There is something else.</exception>
    public TarEntry? Next()
    {
        Skip(_left + _padding);
        (_left, _padding) = (0, 0);
        var extension = new PaxHeader();
        var hasExtension = false;
        while (true)
        {
            ReadBlock();
            if (!_block.AsSpan().ContainsAnyExcept((byte)0))
            {
                if (hasExtension) throw new SourceRefusedException("The archive ends after an extended header that belongs to no entry.");
                ReadEnd();
                return null;
            }

            var header = TarHeader.Parse(_block);
            switch (header.Type)
            {
                case 'x' or 'g' or 'L':
                    Extend(extension, header);
                    hasExtension |= header.Type != 'g';
                    break;
                default:
                    return Entry(header, extension);
            }
        }
    }

    /// <summary>Copies the file that <see cref="Next"/> gave.</summary>
    public void CopyTo(Stream target)
    {
        while (_left > 0)
        {
            var read = stream.Read(_buffer, 0, (int)Math.Min(_left, _buffer.Length));
            if (read == 0) throw Truncated();
            target.Write(_buffer, 0, read);
            _left -= read;
        }
    }

    private TarEntry Entry(TarHeader header, PaxHeader extension)
    {
        var name = extension.Path ?? header.Name;
        var shown = SourcePath.Shown(name);
        var what = header.Type switch
        {
            '0' or '\0' or '5' => null,
            '1' => "is a hard link",
            '2' or 'K' => "is a symbolic link",
            '3' or '4' => "is a device",
            '6' => "is a named pipe",
            'S' => "is a sparse file",
            '7' => "is a contiguous file",
            _ => $"is of the unknown kind '{SourcePath.Shown(header.Type.ToString())}'",
        };
        if (what is not null) throw new SourceRefusedException($"The archive's entry '{shown}' {what}; a source holds plain files and folders only.");
        if (extension.Fault is { } fault) throw new SourceRefusedException($"The archive's entry '{shown}' {fault}.");
        if (extension.Size is { } size && size != header.Size)
            throw new SourceRefusedException($"The archive's entry '{shown}' has two sizes, {header.Size} and {size} bytes.");
        if (header.HasLinkTarget) throw new SourceRefusedException($"The archive's entry '{shown}' is a plain file with a link target.");

        // Before 1988 folders had no kind of their own.
        var isFolder = header.Type == '5' || header.Type == '\0' && name.EndsWith('/');
        if (isFolder && header.Size > 0) throw new SourceRefusedException($"The archive's entry '{shown}' is a folder with content.");
        if (!isFolder && name.EndsWith('/')) throw new SourceRefusedException($"The archive's entry '{shown}' is a file with the name of a folder.");

        (_left, _padding) = (header.Size, Padding(header.Size));
        return new TarEntry(name, isFolder, header.Size, header.IsExecutable);
    }

    private void Extend(PaxHeader extension, TarHeader header)
    {
        if (header.Size > LongestExtension)
            throw new SourceRefusedException($"The archive's extended header '{SourcePath.Shown(header.Name)}' is longer than {LongestExtension} bytes.");
        var content = new byte[header.Size];
        ReadExactly(content);
        Skip(Padding(header.Size));
        if (header.Type == 'L') extension.Path = TarHeader.Text(content.AsSpan().TrimEnd((byte)0));
        else extension.Read(content, isGlobal: header.Type == 'g');
    }

    /// <summary>Two empty blocks end an archive, then come zeros up to a round size; the checksum of the gzip file comes only after them.</summary>
    private void ReadEnd()
    {
        int read;
        while ((read = stream.Read(_buffer, 0, _buffer.Length)) > 0)
            if (_buffer.AsSpan(0, read).ContainsAnyExcept((byte)0))
                throw new SourceRefusedException("The archive holds something after its end.");
    }

    private void ReadBlock()
    {
        if (stream.ReadAtLeast(_block, BlockBytes, throwOnEndOfStream: false) < BlockBytes) throw Truncated();
    }

    private void ReadExactly(byte[] content)
    {
        if (stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) < content.Length) throw Truncated();
    }

    private void Skip(long bytes)
    {
        while (bytes > 0)
        {
            var read = stream.Read(_buffer, 0, (int)Math.Min(bytes, _buffer.Length));
            if (read == 0) throw Truncated();
            bytes -= read;
        }
    }

    private static int Padding(long size) => (int)((BlockBytes - (size % BlockBytes)) % BlockBytes);

    private static SourceRefusedException Truncated() => new("The archive is cut off; upload it again.");
}

/// <summary>The fields of a header block that matter here (POSIX.1-2017, pax, "ustar Interchange Format").</summary>
internal sealed record TarHeader(string Name, char Type, long Size, bool IsExecutable, bool HasLinkTarget)
{
    public static TarHeader Parse(ReadOnlySpan<byte> block)
    {
        var sum = 0;
        for (var at = 0; at < block.Length; at++) sum += at is >= 148 and < 156 ? ' ' : block[at];
        if (Number(block[148..156]) != sum) throw new SourceRefusedException("The archive is damaged, or no tar archive at all: a header's checksum is wrong.");

        var name = Text(UpToZero(block[..100]));
        var isUstar = block[257..263].SequenceEqual("ustar\0"u8);
        var prefix = isUstar ? Text(UpToZero(block[345..500])) : "";
        if (prefix.Length > 0) name = $"{prefix}/{name}";
        if (Number(block[124..136]) is not { } size || size < 0)
            throw new SourceRefusedException($"The archive's entry '{SourcePath.Shown(name)}' has no readable size.");
        const int ownerMayExecute = 64; // 0100
        var mode = Number(block[100..108]) ?? 0;
        return new TarHeader(name, (char)block[156], size, (mode & ownerMayExecute) != 0, block[157] != 0);
    }

    public static string Text(ReadOnlySpan<byte> bytes) => System.Text.Unicode.Utf8.IsValid(bytes)
        ? Encoding.UTF8.GetString(bytes)
        : throw new SourceRefusedException($"The archive's entry '{SourcePath.Shown(Encoding.Latin1.GetString(bytes))}' has a name that is not UTF-8.");

    private static ReadOnlySpan<byte> UpToZero(ReadOnlySpan<byte> field) => field.IndexOf((byte)0) is var end and >= 0 ? field[..end] : field;

    /// <summary>Octal digits, or GNU's binary form with the highest bit set; null when neither.</summary>
    private static long? Number(ReadOnlySpan<byte> field)
    {
        if ((field[0] & 0x80) != 0)
            // Negative, or beyond 64 bits: no size that could be meant.
            return field[0] == 0x80 && field.Length == 12 && !field[1..4].ContainsAnyExcept((byte)0)
                ? BinaryPrimitives.ReadInt64BigEndian(field[4..])
                : null;

        long number = 0;
        var digits = field.Trim(" \0"u8);
        if (digits.Length > 20) return null;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'7') return null;
            number = (number * 8) + (digit - '0');
        }

        return number;
    }
}
