using Pilothouse.Core.Blobs;
using Xunit;

namespace Pilothouse.Testing.Buckets;

/// <summary>What every <see cref="IBucket"/> does.</summary>
public abstract class BucketContractTests
{
    private static readonly string[] s_ofOne = ["a/1", "a/2"];

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A bucket without an object in it.</summary>
    protected abstract Task<IBucket> EmptyAsync();

    [Fact]
    public async Task What_was_put_is_found_and_got_until_it_is_removed()
    {
        var bucket = await EmptyAsync();
        using var folder = new Folder();
        var content = Random.Shared.GetItems<byte>([.. Enumerable.Range(0, 256).Select(value => (byte)value)], 300_000);

        await bucket.PutAsync("artifacts/one.tar.gz", folder.File(content), Cancel);
        var found = await bucket.FindAsync("artifacts/one.tar.gz", Cancel);

        Assert.Equal(content.Length, found!.Bytes);
        Assert.Equal("artifacts/one.tar.gz", found.Key);
        Assert.InRange(found.At, TimeProvider.System.GetUtcNow().AddMinutes(-5), TimeProvider.System.GetUtcNow().AddMinutes(5));
        Assert.True(await bucket.GetAsync("artifacts/one.tar.gz", folder["got"], Cancel));
        Assert.Equal(content, await File.ReadAllBytesAsync(folder["got"], Cancel));
        await bucket.RemoveAsync("artifacts/one.tar.gz", Cancel);
        Assert.Null(await bucket.FindAsync("artifacts/one.tar.gz", Cancel));
    }

    [Fact]
    public async Task What_is_not_there_is_not_found_not_got_and_removed_without_a_word()
    {
        var bucket = await EmptyAsync();
        using var folder = new Folder();

        Assert.Null(await bucket.FindAsync("none", Cancel));
        Assert.False(await bucket.GetAsync("none", folder["got"], Cancel));
        await bucket.RemoveAsync("none", Cancel);
        Assert.Empty(await bucket.ListAsync("", Cancel).ToListAsync(Cancel));
    }

    [Fact]
    public async Task Copy_is_of_the_content_that_was_seen_or_none()
    {
        var bucket = await EmptyAsync();
        using var folder = new Folder();
        await bucket.PutAsync("arriving/one", folder.File([1, 2, 3]), Cancel);
        var seen = await bucket.FindAsync("arriving/one", Cancel);

        Assert.True(await bucket.CopyAsync("arriving/one", "kept/one", seen!.Tag, Cancel));
        await bucket.PutAsync("arriving/one", folder.File([4, 5, 6, 7]), Cancel);
        Assert.False(await bucket.CopyAsync("arriving/one", "kept/one", seen.Tag, Cancel));
        Assert.False(await bucket.CopyAsync("none", "kept/one", seen.Tag, Cancel));

        Assert.True(await bucket.GetAsync("kept/one", folder["got"], Cancel));
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(folder["got"], Cancel));
    }

    [Fact]
    public async Task List_has_what_begins_so()
    {
        var bucket = await EmptyAsync();
        using var folder = new Folder();
        foreach (var key in (string[])["a/1", "b/1", "a/2"]) await bucket.PutAsync(key, folder.File([1]), Cancel);

        Assert.Equal(s_ofOne, (await bucket.ListAsync("a/", Cancel).ToListAsync(Cancel)).Select(one => one.Key).Order(StringComparer.Ordinal));
        Assert.Equal(3, (await bucket.ListAsync("", Cancel).ToListAsync(Cancel)).Count);
    }

    private sealed class Folder : IDisposable
    {
        private readonly string _path = Directory.CreateTempSubdirectory("pilothouse-bucket-").FullName;

        public string this[string name] => Path.Combine(_path, name);

        public string File(byte[] content)
        {
            var file = this[$"{Guid.NewGuid():N}"];
            System.IO.File.WriteAllBytes(file, content);
            return file;
        }

        public void Dispose() => Directory.Delete(_path, recursive: true);
    }
}
