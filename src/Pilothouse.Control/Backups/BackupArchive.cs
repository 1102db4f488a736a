using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;

namespace Pilothouse.Control.Backups;

/// <summary>An entry of the archive that is being read; its content can be read until the next one is asked for.</summary>
internal sealed record ArchiveEntry(string Name, long Size, Stream Content);

/// <summary>Reads the archive from its beginning to its end, and nothing into memory but what is asked for. Writes nowhere.</summary>
internal sealed class BackupArchive : IAsyncDisposable
{
    private readonly FileStream _file;
    private readonly GZipStream _unpacked;
    private readonly byte[] _block = new byte[TarBlock.Bytes];
    private EntryContent? _current;
    private long _bytes;

    public BackupArchive(string path)
    {
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 128 * 1024, FileOptions.Asynchronous | FileOptions.SequentialScan);
        _unpacked = new GZipStream(_file, CompressionMode.Decompress);
    }

    /// <summary>All that were read to their end.</summary>
    public List<BackupEntry> Read { get; } = [];

    /// <returns>Null after the last.</returns>
    /// <exception cref="InvalidDataException">Damaged, or no such archive.</exception>
    public async Task<ArchiveEntry?> NextAsync(CancellationToken cancellationToken)
    {
        if (_current is { } read) await FinishAsync(read, cancellationToken);
        await FillAsync(_block, cancellationToken);
        if (TarBlock.Parse(_block) is not var (name, size))
        {
            await ReadEndAsync(cancellationToken);
            return null;
        }

        _current = new EntryContent(_unpacked, name, size);
        return new ArchiveEntry(name, size, _current);
    }

    public async ValueTask DisposeAsync()
    {
        _current?.Dispose();
        await _unpacked.DisposeAsync();
        await _file.DisposeAsync();
    }

    private async Task FinishAsync(EntryContent content, CancellationToken cancellationToken)
    {
        if (content.Left > 0) throw new InvalidDataException($"'{content.Name}' holds more than it should");
        _bytes += content.Size;
        Read.Add(new BackupEntry(content.Name, content.Size, content.Sha256()));
        content.Dispose();
        _current = null;
        await FillAsync(_block.AsMemory(0, TarBlock.Padding(content.Size)), cancellationToken);
    }

    /// <summary>
    /// All of it is read, since the sum that gzip keeps comes last; a sum that was cut off the library passes over, but not the size behind it
    /// (RFC 1952, 2.3.1).
    /// </summary>
    private async Task ReadEndAsync(CancellationToken cancellationToken)
    {
        int read;
        while ((read = await _unpacked.ReadAsync(_block, cancellationToken)) > 0)
        {
            _bytes += read;
            if (_block.AsSpan(0, read).ContainsAnyExcept((byte)0)) throw new InvalidDataException("it holds something after its end");
        }

        var size = new byte[sizeof(uint)];
        RandomAccess.Read(_file.SafeFileHandle, size, _file.Length - size.Length);
        if (BinaryPrimitives.ReadUInt32LittleEndian(size) != (uint)_bytes) throw new InvalidDataException("it ends in the middle");
    }

    private async Task FillAsync(Memory<byte> block, CancellationToken cancellationToken)
    {
        if (await _unpacked.ReadAtLeastAsync(block, block.Length, throwOnEndOfStream: false, cancellationToken) < block.Length)
            throw new InvalidDataException("it ends in the middle");
        _bytes += block.Length;
    }

    /// <summary>One entry's bytes, counted and summed as they are read.</summary>
    private sealed class EntryContent(Stream archive, string name, long size) : Stream
    {
        private long _read;

        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public string Name => name;

        public long Size => size;

        public long Left => size - _read;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => size;

        public override long Position
        {
            get => _read;
            set => throw new NotSupportedException();
        }

        public string Sha256() => Convert.ToHexStringLower(_hash.GetHashAndReset());

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Left == 0 || buffer.IsEmpty) return 0;
            var read = await archive.ReadAsync(buffer[..(int)Math.Min(Left, buffer.Length)], cancellationToken);
            if (read == 0) throw new InvalidDataException("it ends in the middle");
            _hash.AppendData(buffer.Span[..read]);
            _read += read;
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) _hash.Dispose();
            base.Dispose(disposing);
        }
    }
}
