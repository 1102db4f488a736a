using System.Net;
using System.Security.Cryptography;
using Pilothouse.Gateway.Tests.World;
using Xunit;

namespace Pilothouse.Gateway.Tests;

[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
public sealed class AloneCollection;

/// <summary>Alone in the process, so that what grows is this test's.</summary>
[Collection(nameof(MemoryTests))]
public sealed class MemoryTests
{
    private const int Chunk = 64 * 1024;
    private const int Chunks = 100 * 1024 * 1024 / Chunk;

    /// <summary>Far above what sockets and pools of three programs hold, far below what passes.</summary>
    private const long MostGrowth = 24 * 1024 * 1024;

    private static CancellationToken Cancel => GatewayHost.Cancel;

    [Fact]
    public async Task A_hundred_megabytes_pass_each_way_unharmed_and_are_kept_nowhere()
    {
        var memory = new Memory();
        byte[] received = [];
        await using var upstream = await Upstream.StartAsync(async http =>
        {
            received = await HashAsync(http.Request.Body, memory);
            await WriteAsync(http.Response.Body);
        });
        await using var host = await GatewayHost.StartAsync();
        host.Gateway.Publish(host.Route(upstream.Revision, upstream.Address));
        using var client = host.Client();
        memory.Begin();

        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("big", UriKind.Relative)) { Content = new Stream(WriteAsync) };
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        var sent = await HashAsync(await answer.Content.ReadAsStreamAsync(Cancel), memory);

        Assert.Equal(received, sent);
        Assert.Equal(Chunks / 100 * 2, memory.Looks);
        Assert.InRange(memory.Growth, long.MinValue, MostGrowth);
    }

    private static async Task WriteAsync(System.IO.Stream to)
    {
        var chunk = new byte[Chunk];
        for (var number = 0; number < Chunks; number++)
        {
            Array.Fill(chunk, (byte)number);
            await to.WriteAsync(chunk, Cancel);
        }
    }

    private static async Task<byte[]> HashAsync(System.IO.Stream from, Memory memory)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[Chunk];
        var total = 0L;
        for (int read; (read = await from.ReadAsync(buffer, Cancel)) > 0; total += read)
        {
            hash.AppendData(buffer, 0, read);
            if ((total + read) / (100L * Chunk) > total / (100L * Chunk)) memory.Look();
        }

        Assert.Equal((long)Chunk * Chunks, total);
        return hash.GetHashAndReset();
    }

    private sealed class Memory
    {
        private long _before;

        public int Looks { get; private set; }

        public long Growth { get; private set; }

        public void Begin() => _before = GC.GetTotalMemory(forceFullCollection: true);

        public void Look()
        {
            Looks++;
            Growth = Math.Max(Growth, GC.GetTotalMemory(forceFullCollection: true) - _before);
        }
    }

    /// <summary>Length unknown.</summary>
    private sealed class Stream(Func<System.IO.Stream, Task> write) : HttpContent
    {
        protected override Task SerializeToStreamAsync(System.IO.Stream stream, TransportContext? context) => write(stream);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
