using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Uploads;

/// <summary>Takes the one archive that an upload URL is for.</summary>
internal sealed class ReceiveUpload(
    IDbContextFactory<PilothouseDb> databases, UploadBlobs blobs, IOptions<UploadsOptions> options, TimeProvider clock) : IDisposable
{
    private static readonly Rejection s_unknown = new(Codes.NotFound, "No such upload URL: ask for a new one.");
    private static readonly Rejection s_expired = new(Codes.UploadExpired, "This upload URL has expired: ask for a new one.");
    private static readonly Rejection s_used = new(Codes.UploadUsed, "This upload URL was used already: it takes one upload. Ask for a new one.");
    private static readonly Rejection s_brokenOff = new(Codes.Invalid, "The connection ended before the whole archive had come.");

    /// <summary>Of several uploads to one URL the first to be complete counts; this decides between them.</summary>
    private readonly SemaphoreSlim _oneAtATime = new(1);

    public async Task<Outcome<TakenArchive>> RunAsync(string token, HttpRequest request, CancellationToken cancellationToken)
    {
        if (UploadToken.Hash(token) is not { } hash) return s_unknown;
        var found = await FindAsync(hash, cancellationToken);
        if (!found.IsAccepted) return found.Rejection;
        var limit = options.Value.LimitBytes;
        if (request.ContentLength > limit) return ArchiveIntake.TooLarge(limit);

        string? arriving = null;
        try
        {
            Outcome<TakenArchive> taken;
            await using (var file = blobs.CreateArriving())
            {
                arriving = file.Name;
                taken = await ArchiveIntake.TakeAsync(new BodyOf(request.Body), file, limit, cancellationToken);
            }

            return taken.IsAccepted ? await StoreAsync(found.Value, taken.Value, cancellationToken) : taken;
        }
        catch (BrokenOffException)
        {
            return s_brokenOff;
        }
        finally
        {
            if (arriving is not null) File.Delete(arriving);
        }
    }

    public void Dispose() => _oneAtATime.Dispose();

    private async Task<Outcome<UploadRow>> FindAsync(byte[] hash, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var row = await db.Uploads.AsNoTracking().SingleOrDefaultAsync(row => row.TokenHash == hash, cancellationToken);
        if (row is null) return s_unknown;
        if (row.StoredAt is not null) return s_used;
        return row.ExpiresAt <= clock.GetUtcNow() ? s_expired : row;
    }

    /// <summary>The file has its name before the row says so: a crash between leaves an unused URL, which still takes an upload.</summary>
    private async Task<Outcome<TakenArchive>> StoreAsync(UploadRow upload, TakenArchive archive, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            var found = await FindAsync(upload.TokenHash, cancellationToken);
            if (!found.IsAccepted && found.Rejection != s_expired) return found.Rejection;

            await blobs.PublishAsync(archive.File, upload.ObjectPath, cancellationToken);
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            var stored = await db.Uploads
                .Where(row => row.ObjectPath == upload.ObjectPath && row.StoredAt == null)
                .ExecuteUpdateAsync(
                    set => set
                        .SetProperty(row => row.StoredAt, clock.GetUtcNow())
                        .SetProperty(row => row.SizeBytes, archive.SizeBytes)
                        .SetProperty(row => row.Sha256, archive.Sha256),
                    cancellationToken);
            if (stored == 1) return archive;

            // The deployment was deleted meanwhile.
            await blobs.RemoveAsync(upload.ObjectPath, cancellationToken);
            return s_unknown;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>The sender went away.</summary>
    private sealed class BrokenOffException(Exception inner) : Exception("The sender went away.", inner);

    /// <summary>Tells a connection that broke off from a disk that failed: both are <see cref="IOException"/>.</summary>
    private sealed class BodyOf(Stream inner) : Stream
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

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return await inner.ReadAsync(buffer, cancellationToken);
            }
            catch (IOException brokenOff) when (brokenOff is not BadHttpRequestException { StatusCode: not StatusCodes.Status400BadRequest })
            {
                throw new BrokenOffException(brokenOff);
            }
            catch (OperationCanceledException aborted) when (!cancellationToken.IsCancellationRequested)
            {
                throw new BrokenOffException(aborted);
            }
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
