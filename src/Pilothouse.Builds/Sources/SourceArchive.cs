using System.IO.Compression;
using System.Security.Cryptography;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.Sources;

/// <summary>How unpacking ended.</summary>
internal abstract record Unpacked
{
    private Unpacked()
    {
    }

    /// <param name="LeftOut">Environment files that were in the archive and are not in the source; at most a few.</param>
    public sealed record Done(int Files, long Bytes, IReadOnlyList<string> LeftOut) : Unpacked;

    /// <param name="Message">One sentence that names the entry.</param>
    public sealed record Refused(string Message) : Unpacked;
}

/// <summary>Unpacks uploaded sources, which anybody may have made.</summary>
internal static class SourceArchive
{
    private const int BufferBytes = 128 * 1024;

    /// <summary>Unpacks into a folder that is made for it. Blocks; nothing is promised of the folder's content when it refuses.</summary>
    /// <param name="folder">Absolute, not there yet, below a folder that nobody else writes to.</param>
    /// <exception cref="BuildUnavailableException">The file is not the one that was uploaded.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public static Unpacked Unpack(BuildSource.Tarball tarball, string folder, SourceLimits limits, CancellationToken cancellationToken)
    {
        using var file = new FileStream(tarball.File, new FileStreamOptions { Options = FileOptions.SequentialScan, BufferSize = 0 });
        using var packed = new HashingStream(file);
        try
        {
            if (!IsGzip(file)) throw new SourceRefusedException("The source is not a gzip'd tar archive.");
            using var gzip = new GZipStream(packed, CompressionMode.Decompress);
            using var bounded = new BoundedStream(gzip, () => packed.Count, limits, cancellationToken);
            using var buffered = new BufferedStream(bounded, BufferBytes);
            var tree = new SourceTree(folder, limits);
            var reading = new TarReading(buffered);
            while (reading.Next() is { } entry) tree.Add(entry, reading);
            Verify(packed, bounded.Count, tarball);
            return tree.Files == 0 ? new Unpacked.Refused("The archive holds no file.") : new Unpacked.Done(tree.Files, tree.Bytes, tree.LeftOut);
        }
        catch (SourceRefusedException refused)
        {
            return new Unpacked.Refused(refused.Message);
        }
        catch (InvalidDataException)
        {
            return new Unpacked.Refused("The archive is damaged or cut off: its compressed data cannot be read. Upload it again.");
        }
    }

    private static bool IsGzip(FileStream file)
    {
        Span<byte> magic = stackalloc byte[2];
        var isGzip = file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic is [0x1f, 0x8b];
        file.Position = 0;
        return isGzip;
    }

    private static void Verify(HashingStream packed, long unpackedBytes, BuildSource.Tarball tarball)
    {
        packed.CopyTo(Stream.Null);
        // The library does not miss a checksum that is cut off. A gzip file ends with the length of its content (RFC 1952, ISIZE).
        if (packed.LastFour != (uint)unpackedBytes) throw new InvalidDataException("The length at the end is another one.");
        if (!string.Equals(packed.Sha256(), tarball.Sha256, StringComparison.OrdinalIgnoreCase))
            throw new BuildUnavailableException($"{tarball.File} is not the archive that was uploaded: its SHA-256 is not {tarball.Sha256}. Upload the source again.");
    }
}

/// <summary>Counts and hashes what is read through it.</summary>
internal sealed class HashingStream(Stream inner) : ReadingStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public long Count { get; private set; }

    /// <summary>The last four bytes so far, as a number.</summary>
    public uint LastFour { get; private set; }

    public string Sha256() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public override int Read(Span<byte> buffer)
    {
        var read = inner.Read(buffer);
        Count += read;
        foreach (var value in buffer[Math.Max(0, read - 4)..read]) LastFour = (LastFour >> 8) | ((uint)value << 24);
        _hash.AppendData(buffer[..read]);
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _hash.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Ends the reading of what grows beyond measure, whatever the entries say of themselves.</summary>
/// <param name="packed">How much was read of the packed file so far.</param>
internal sealed class BoundedStream(Stream inner, Func<long> packed, SourceLimits limits, CancellationToken cancellationToken) : ReadingStream
{
    // Headers and padding: up to three blocks and some for each entry.
    private readonly long _most = limits.Bytes + (limits.Entries * 4096L);

    public long Count { get; private set; }

    public override int Read(Span<byte> buffer)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var read = inner.Read(buffer);
        Count += read;
        if (Count > _most) throw new SourceRefusedException($"The archive unpacks to more than {limits.Bytes} bytes.");
        if (Count > SourceLimits.RatioFrom && Count / limits.Ratio > packed())
            throw new SourceRefusedException($"The archive unpacks to more than {limits.Ratio} times its size.");
        return read;
    }
}

internal abstract class ReadingStream : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public abstract override int Read(Span<byte> buffer);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Nothing is written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
