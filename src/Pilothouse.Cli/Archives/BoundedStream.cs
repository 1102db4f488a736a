namespace Pilothouse.Cli.Archives;

/// <summary>Passes on what is written until it is too much, which is told at once and not when all has been written.</summary>
internal sealed class BoundedStream(Stream to, long limit) : Stream
{
    private long _written;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _written;

    public override long Position { get => _written; set => throw new NotSupportedException(); }

    /// <exception cref="TooLongException">Above the limit; nothing of these bytes was passed on.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Count(buffer.Length);
        to.Write(buffer);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Count(buffer.Length);
        return to.WriteAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => to.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => to.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Count(int more)
    {
        if (_written + more > limit) throw new TooLongException();
        _written += more;
    }
}

/// <summary>More was written than the limit of a <see cref="BoundedStream"/>.</summary>
internal sealed class TooLongException : Exception;
