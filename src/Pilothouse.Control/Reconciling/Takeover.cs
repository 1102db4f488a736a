using Pilothouse.Control.Listeners;
using Pilothouse.Control.Uploads;

namespace Pilothouse.Control.Reconciling;

/// <summary>Takes over from whoever used the data directory before, at start, while its lock is held and nothing is served. Safe to repeat.</summary>
internal sealed class Takeover(EmbeddedListener listener, RevisionLeases leases, UploadBlobs blobs)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        blobs.RemoveArriving();
        await leases.ReleaseOfTheDeadAsync(cancellationToken);
        await listener.RegisterAsync(cancellationToken);
    }
}
