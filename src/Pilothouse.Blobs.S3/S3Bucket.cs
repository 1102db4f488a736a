using System.Net;
using System.Runtime.CompilerServices;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Options;
using Pilothouse.Core.Blobs;

namespace Pilothouse.Blobs.S3;

/// <summary>S3's API; with an endpoint of one's own the bucket is named in the path, as most others want it.</summary>
internal sealed class S3Bucket : IBucket, IDisposable
{
    /// <summary>What the slowest line must carry in a second.</summary>
    private const int SlowestBytes = 1 << 20;

    private static readonly TimeSpan s_longest = TimeSpan.FromHours(2);

    private readonly AmazonS3Client _client;
    private readonly string _bucket;
    private readonly string _prefix;
    private readonly string _where;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _clock;

    public S3Bucket(IOptions<BucketOptions> options, TimeProvider clock)
    {
        var settings = options.Value;
        (_bucket, _prefix, _limit, _clock) = (settings.Name!, settings.Prefix, settings.Limit, clock);
        _where = $"The bucket '{_bucket}'{(settings.Endpoint is { } at ? $" at {at.GetLeftPart(UriPartial.Authority)}" : "")}";
        var config = new AmazonS3Config
        {
            // Ours are narrower, and know how much there is to send.
            Timeout = s_longest,
            MaxErrorRetry = 2,
            AuthenticationRegion = settings.Region,

            // Not every S3 knows the newer checksums; TLS and the signature cover the content.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (settings.Endpoint is { } endpoint) (config.ServiceURL, config.ForcePathStyle, config.UseHttp) = (endpoint.AbsoluteUri, true, string.Equals(endpoint.Scheme, Uri.UriSchemeHttp, StringComparison.Ordinal));
        else config.RegionEndpoint = RegionEndpoint.GetBySystemName(settings.Region);
        _client = settings.AccessKey is { Length: > 0 } key ? new AmazonS3Client(new BasicAWSCredentials(key, Secret(settings.SecretKey)), config) : new AmazonS3Client(config);
    }

    public Uri SignPut(string key, string contentType, TimeSpan lifetime) => new(_client.GetPreSignedURL(new GetPreSignedUrlRequest
    {
        BucketName = _bucket,
        Key = _prefix + key,
        Verb = HttpVerb.PUT,
        ContentType = contentType,
        Expires = (_clock.GetUtcNow() + lifetime).UtcDateTime,
        Protocol = _client.Config.UseHttp ? Protocol.HTTP : Protocol.HTTPS,
    }));

    public Task<BucketObject?> FindAsync(string key, CancellationToken cancellationToken) => CallAsync<BucketObject?>(async limited =>
    {
        var found = await _client.GetObjectMetadataAsync(_bucket, _prefix + key, limited);
        return new BucketObject(key, found.ContentLength, found.ETag, new DateTimeOffset(found.LastModified ?? default, TimeSpan.Zero));
    }, absent: null, _limit, cancellationToken);

    public Task<bool> CopyAsync(string from, string to, string tag, CancellationToken cancellationToken) => CallAsync(async limited =>
    {
        await _client.CopyObjectAsync(
            new CopyObjectRequest { SourceBucket = _bucket, SourceKey = _prefix + from, DestinationBucket = _bucket, DestinationKey = _prefix + to, ETagToMatch = tag }, limited);
        return true;
    }, absent: false, s_longest, cancellationToken);

    public Task PutAsync(string key, string file, CancellationToken cancellationToken) => CallAsync(async limited =>
    {
        // In one piece, up to the 5 GiB of S3, so that one that is cut off leaves nothing; not in signed chunks, which others do not know.
        await _client.PutObjectAsync(new PutObjectRequest { BucketName = _bucket, Key = _prefix + key, FilePath = file, UseChunkEncoding = false }, limited);
        return true;
    }, absent: false, _limit + TimeSpan.FromSeconds(new FileInfo(file).Length / SlowestBytes), cancellationToken);

    public async Task<bool> GetAsync(string key, string file, CancellationToken cancellationToken)
    {
        try
        {
            return await CallAsync(async limited =>
            {
                using var found = await _client.GetObjectAsync(_bucket, _prefix + key, limited);
                await using var target = new FileStream(file, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Options = FileOptions.Asynchronous });
                await ReadAsync(found.ResponseStream, target, cancellationToken);
                if (target.Length != found.ContentLength) throw new HttpIOException(HttpRequestError.ResponseEnded, $"{target.Length} of {found.ContentLength} bytes came.");
                return true;
            }, absent: false, s_longest, cancellationToken);
        }
        catch
        {
            File.Delete(file);
            throw;
        }
    }

    public Task RemoveAsync(string key, CancellationToken cancellationToken) => CallAsync(async limited =>
    {
        await _client.DeleteObjectAsync(_bucket, _prefix + key, limited);
        return true;
    }, absent: true, _limit, cancellationToken);

    public async IAsyncEnumerable<BucketObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            var after = next;
            var page = await CallAsync(
                limited => _client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = _bucket, Prefix = _prefix + prefix, ContinuationToken = after }, limited),
                absent: null, _limit, cancellationToken);
            foreach (var found in page?.S3Objects ?? [])
                yield return new BucketObject(found.Key[_prefix.Length..], found.Size ?? 0, found.ETag, new DateTimeOffset(found.LastModified ?? default, TimeSpan.Zero));
            next = page?.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    public void Dispose() => _client.Dispose();

    private static string Secret(string? value) =>
        value is { } text && text.StartsWith("file:", StringComparison.Ordinal) ? File.ReadAllText(text["file:".Length..]).Trim() : value ?? "";

    /// <summary>As long as something comes.</summary>
    private async Task ReadAsync(Stream source, FileStream target, CancellationToken cancellationToken)
    {
        var chunk = new byte[128 * 1024];
        while (true)
        {
            using var silence = new CancellationTokenSource(_limit, _clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
            var read = await source.ReadAsync(chunk, either.Token);
            if (read == 0) return;
            await target.WriteAsync(chunk.AsMemory(0, read), cancellationToken);
        }
    }

    /// <param name="absent">The answer where there is no such object, or not that content any more.</param>
    private async Task<T> CallAsync<T>(Func<CancellationToken, Task<T>> call, T absent, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var time = new CancellationTokenSource(limit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(time.Token, cancellationToken);
        try
        {
            return await call(either.Token);
        }
        catch (AmazonS3Exception refused) when (refused.ErrorCode is not "NoSuchBucket" && refused.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.PreconditionFailed)
        {
            return absent;
        }
        catch (AmazonServiceException refused) when (refused.StatusCode != default)
        {
            throw new BucketUnavailableException($"{_where} answers {(int)refused.StatusCode} {refused.ErrorCode}.", refused);
        }
        catch (OperationCanceledException silent) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BucketUnavailableException($"{_where} does not answer.", silent);
        }
        catch (Exception failure) when (failure is AmazonServiceException or AmazonClientException or HttpRequestException or HttpIOException or TimeoutException)
        {
            throw new BucketUnavailableException($"{_where} does not answer.", failure);
        }
    }
}
