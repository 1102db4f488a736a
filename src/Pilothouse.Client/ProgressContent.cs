using System.Net;

namespace Pilothouse.Client;

/// <summary>A stream that says how far it is.</summary>
internal sealed class ProgressContent(Stream source, Action<long>? sent) : HttpContent
{
    private const int Chunk = 64 * 1024;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => CopyAsync(stream, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) => CopyAsync(stream, cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        length = source.Length;
        return true;
    }

    private async Task CopyAsync(Stream to, CancellationToken cancellationToken)
    {
        var buffer = new byte[Chunk];
        for (long total = 0; await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read;)
        {
            await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            sent?.Invoke(total += read);
        }
    }
}
