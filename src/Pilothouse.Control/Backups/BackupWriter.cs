using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace Pilothouse.Control.Backups;

/// <summary>Writes the archive, entry after entry, and remembers what it wrote.</summary>
internal sealed class BackupWriter(Stream file, DateTimeOffset takenAt) : IAsyncDisposable
{
    private readonly GZipStream _packed = new(file, CompressionLevel.Fastest, leaveOpen: true);
    private readonly byte[] _buffer = new byte[128 * 1024];
    private readonly List<BackupEntry> _entries = [];

    public async Task AddAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await _packed.WriteAsync(TarBlock.Header(name, content.Length, takenAt), cancellationToken);
        await _packed.WriteAsync(content, cancellationToken);
        await PadAsync(content.Length, cancellationToken);
        _entries.Add(new BackupEntry(name, content.Length, Convert.ToHexStringLower(SHA256.HashData(content.Span))));
    }

    /// <returns>Hexadecimal SHA-256 of what was copied.</returns>
    public async Task<string> AddAsync(string name, Stream content, long size, CancellationToken cancellationToken)
    {
        await _packed.WriteAsync(TarBlock.Header(name, size, takenAt), cancellationToken);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var left = size; left > 0;)
        {
            var read = await content.ReadAsync(_buffer.AsMemory(0, (int)Math.Min(left, _buffer.Length)), cancellationToken);
            if (read == 0) throw new IOException($"'{name}' became shorter while it was read.");
            hash.AppendData(_buffer, 0, read);
            await _packed.WriteAsync(_buffer.AsMemory(0, read), cancellationToken);
            left -= read;
        }

        await PadAsync(size, cancellationToken);
        var sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
        _entries.Add(new BackupEntry(name, size, sha256));
        return sha256;
    }

    /// <summary>The manifest, and the end.</summary>
    public async Task EndAsync(IReadOnlyList<string> missingBlobs, IReadOnlyList<string> leftOut, CancellationToken cancellationToken)
    {
        var manifest = new BackupManifest([.. _entries], missingBlobs, leftOut);
        await AddAsync(BackupFormat.ManifestName, JsonSerializer.SerializeToUtf8Bytes(manifest, BackupFormat.Json.Default.BackupManifest), cancellationToken);
        await _packed.WriteAsync(new byte[2 * TarBlock.Bytes], cancellationToken);
        await _packed.DisposeAsync();
    }

    public ValueTask DisposeAsync() => _packed.DisposeAsync();

    private ValueTask PadAsync(long size, CancellationToken cancellationToken) =>
        _packed.WriteAsync(new byte[TarBlock.Padding(size)], cancellationToken);
}
