using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Pilothouse.Builds.Artifacts;

/// <param name="Digest">Lower-case hex SHA-256.</param>
/// <param name="Bound">A few of the files that hold the path of the place where they were built, and so may not work elsewhere.</param>
internal sealed record TreeDigestResult(string Digest, int Files, IReadOnlyList<string> Bound);

/// <summary>
/// The name of an artifact: SHA-256 over its launch spec and a line for each entry of its tree, <c>kind SP hash SP path NUL</c>, where the hash is the
/// content's, or of a link its target's. Times and owners are not in it.
/// </summary>
internal static class TreeDigest
{
    private const int MostBound = 5;
    private const int WholeBytes = 8 << 20;

    /// <param name="root">Absolute.</param>
    /// <param name="launch">JSON text.</param>
    public static TreeDigestResult Of(string root, IReadOnlyList<TreeEntry> entries, string launch, CancellationToken cancellationToken)
    {
        var hashes = new string[entries.Count];
        var bound = new ConcurrentBag<string>();
        var place = Encoding.UTF8.GetBytes(root);
        Parallel.For(0, entries.Count, new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Math.Max(2, Environment.ProcessorCount) }, index =>
        {
            var entry = entries[index];
            var isBound = false;
            hashes[index] = entry.Kind switch
            {
                'd' => "-",
                'l' => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(entry.Target!))),
                _ => OfFile(Path.Combine(root, entry.Path), place, out isBound),
            };
            if (isBound) bound.Add(entry.Path);
        });

        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sum.AppendData(Encoding.UTF8.GetBytes($"{launch}\0"));
        for (var index = 0; index < entries.Count; index++)
            sum.AppendData(Encoding.UTF8.GetBytes($"{entries[index].Kind} {hashes[index]} {entries[index].Path}\0"));
        return new TreeDigestResult(
            Convert.ToHexStringLower(sum.GetHashAndReset()), entries.Count(entry => entry.Kind is 'f' or 'x'), [.. bound.Order(StringComparer.Ordinal).Take(MostBound)]);
    }

    private static string OfFile(string path, ReadOnlySpan<byte> place, out bool isBound)
    {
        isBound = false;
        using var handle = File.OpenHandle(path);
        var length = RandomAccess.GetLength(handle);
        if (length > WholeBytes)
        {
            using var stream = new FileStream(handle, FileAccess.Read);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)length);
        try
        {
            var count = 0;
            while (count < length && RandomAccess.Read(handle, buffer.AsSpan(count, (int)length - count), count) is var read and > 0) count += read;
            var content = buffer.AsSpan(0, count);
            isBound = content.IndexOf(place) >= 0;
            return Convert.ToHexStringLower(SHA256.HashData(content));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
