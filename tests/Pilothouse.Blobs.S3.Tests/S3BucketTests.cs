using System.Net;
using Microsoft.Extensions.Options;
using Pilothouse.Core.Blobs;
using Pilothouse.Testing;
using Pilothouse.Testing.Buckets;
using Xunit;

namespace Pilothouse.Blobs.S3.Tests;

public sealed class FakeBucketTests : BucketContractTests
{
    protected override Task<IBucket> EmptyAsync() => Task.FromResult<IBucket>(new FakeBucket());
}

/// <summary>Against a real S3.</summary>
public sealed class S3BucketTests : BucketContractTests
{
    protected override async Task<IBucket> EmptyAsync() => await BucketAsync();

    [Fact]
    public async Task Who_has_a_signed_url_puts_that_object_and_no_other_until_it_expires()
    {
        using var bucket = await BucketAsync();
        var url = bucket.SignPut("arriving/one", "application/gzip", TimeSpan.FromMinutes(1));
        var stale = bucket.SignPut("arriving/stale", "application/gzip", TimeSpan.FromSeconds(1));

        Assert.Equal(HttpStatusCode.OK, await PutAsync(url));
        Assert.Equal(5, (await bucket.FindAsync("arriving/one", Cancel))!.Bytes);
        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(new Uri(url.AbsoluteUri.Replace("/one?", "/two?", StringComparison.Ordinal))));
        await Eventually.ReadAsync(() => PutAsync(stale), status => status == HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Prefix_keeps_two_users_of_a_bucket_apart()
    {
        var server = await SwiftServer.OneAsync();
        var name = await server.CreateBucketAsync();
        using var one = Bucket(server.Address, name, prefix: "one/");
        using var two = Bucket(server.Address, name, prefix: "two/");
        var file = Path.GetTempFileName();

        await one.PutAsync("key", file, Cancel);

        Assert.NotNull(await one.FindAsync("key", Cancel));
        Assert.Null(await two.FindAsync("key", Cancel));
        Assert.Equal("key", (await one.ListAsync("k", Cancel).ToListAsync(Cancel)).Single().Key);
        File.Delete(file);
    }

    [Fact]
    public async Task Wrong_secret_missing_bucket_and_silence_are_said_and_may_be_tried_again()
    {
        var server = await SwiftServer.OneAsync();
        var name = await server.CreateBucketAsync();
        using var wrong = Bucket(server.Address, name, secret: "wrong");
        using var missing = Bucket(server.Address, "no-such-bucket");
        using var silent = Bucket(new Uri($"http://127.0.0.1:{FreePort.Take()}"), name);
        var file = Path.GetTempFileName();

        var refused = await Assert.ThrowsAsync<BucketUnavailableException>(() => wrong.PutAsync("key", file, Cancel));
        Assert.Contains("403", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", refused.Message, StringComparison.Ordinal);
        Assert.Contains("NoSuchBucket", (await Assert.ThrowsAsync<BucketUnavailableException>(() => missing.PutAsync("key", file, Cancel))).Message, StringComparison.Ordinal);
        Assert.Contains("does not answer", (await Assert.ThrowsAsync<BucketUnavailableException>(() => silent.PutAsync("key", file, Cancel))).Message, StringComparison.Ordinal);
        File.Delete(file);
    }

    private static async Task<HttpStatusCode> PutAsync(Uri url)
    {
        using var http = new HttpClient();
        using var body = new ByteArrayContent([1, 2, 3, 4, 5]) { Headers = { ContentType = new("application/gzip") } };
        using var answer = await http.PutAsync(url, body, Cancel);
        return answer.StatusCode;
    }

    private static async Task<S3Bucket> BucketAsync()
    {
        var server = await SwiftServer.OneAsync();
        return Bucket(server.Address, await server.CreateBucketAsync());
    }

    private static S3Bucket Bucket(Uri endpoint, string name, string prefix = "", string secret = SwiftServer.SecretKey) => new(
        Options.Create(new BucketOptions { Name = name, Endpoint = endpoint, AccessKey = SwiftServer.AccessKey, SecretKey = secret, Prefix = prefix, Region = SwiftServer.Region }),
        TimeProvider.System);
}
