using System.Security.Cryptography;
using Pilothouse.Contracts;
using Pilothouse.Core;

namespace Pilothouse.Control.Uploads;

/// <param name="Sha256">Lower-case hex.</param>
internal sealed record TakenArchive(string File, long SizeBytes, string Sha256);

/// <summary>Takes a body down to disk, whatever its sender says about its length.</summary>
internal static class ArchiveIntake
{
    private const int ChunkBytes = 128 * 1024;

    /// <summary>RFC 1952, 2.3.1: ID1, ID2, and the only method there is.</summary>
    private static ReadOnlySpan<byte> GzipMagic => [0x1f, 0x8b, 0x08];

    /// <summary>The file is complete and synced when this returns; the caller removes it in any case.</summary>
    public static async Task<Outcome<TakenArchive>> TakeAsync(Stream body, FileStream file, long limitBytes, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var chunk = new byte[ChunkBytes];
        var size = 0L;
        int filled;
        while ((filled = await FillAsync(body, chunk, cancellationToken)) > 0)
        {
            var bytes = chunk.AsMemory(0, filled);
            if (size == 0 && !bytes.Span.StartsWith(GzipMagic)) return NotGzip();
            size += filled;
            if (size > limitBytes) return TooLarge(limitBytes);
            hash.AppendData(bytes.Span);
            await file.WriteAsync(bytes, cancellationToken);
        }

        if (size == 0) return NotGzip();
        file.Flush(flushToDisk: true);
        return new TakenArchive(file.Name, size, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>Of one that did not come through us.</summary>
    /// <returns>SHA-256, lower-case hex.</returns>
    public static async Task<Outcome<string>> ReadAsync(string file, CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(file);
        var begin = new byte[GzipMagic.Length];
        if (await stream.ReadAtLeastAsync(begin, begin.Length, throwOnEndOfStream: false, cancellationToken) < begin.Length || !begin.AsSpan().SequenceEqual(GzipMagic))
            return NotGzip();
        stream.Position = 0;
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
    }

    public static Rejection TooLarge(long limitBytes) =>
        new(Codes.TooLarge, $"The archive is larger than {limitBytes} bytes: leave out what the build does not need, e.g. through .gitignore.");

    private static Rejection NotGzip() => new(Codes.Invalid, "The upload is not a gzip'd archive (.tar.gz).");

    /// <summary>Full chunks but for the last one: senders may send byte by byte.</summary>
    private static async Task<int> FillAsync(Stream body, byte[] chunk, CancellationToken cancellationToken)
    {
        var filled = 0;
        int read;
        while (filled < chunk.Length && (read = await body.ReadAsync(chunk.AsMemory(filled), cancellationToken)) > 0)
            filled += read;
        return filled;
    }
}
