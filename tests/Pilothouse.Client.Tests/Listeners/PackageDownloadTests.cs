using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Pilothouse.Client.Listeners;
using Xunit;

namespace Pilothouse.Client.Tests.Listeners;

/// <summary>Large files over a line that breaks.</summary>
public sealed class PackageDownloadTests : IDisposable
{
    private const int Half = 500_000;
    private static readonly byte[] s_content = RandomNumberGenerator.GetBytes(2 * Half);
    private static readonly string s_tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(s_content))}\"";

    private readonly string _folder = Directory.CreateTempSubdirectory("pilothouse-download-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string File_ => Path.Combine(_folder, "package");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_broke_off_goes_on_where_it_ended()
    {
        var asked = new List<string>();
        await using var server = await StubServer.StartAsync(async (http, number) =>
        {
            asked.Add($"{http.Request.Headers.Range}");
            await SendAsync(http, breakOff: number == 1);
        });
        using var connection = Connect(server.Address);

        await Assert.ThrowsAsync<UnreachableException>(() => connection.DownloadAsync("artifacts/a", File_, Cancel));
        var begun = new FileInfo(File_).Length;
        Assert.True(await connection.DownloadAsync("artifacts/a", File_, Cancel));

        Assert.Equal(s_content, await File.ReadAllBytesAsync(File_, Cancel));
        Assert.InRange(begun, 1, s_content.Length - 1);
        Assert.Equal(["", $"bytes={begun}-"], asked);
        Assert.Equal([File_], Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task What_became_another_file_meanwhile_begins_anew()
    {
        await File.WriteAllBytesAsync(File_, new byte[Half], Cancel);
        await File.WriteAllTextAsync($"{File_}.tag", "\"of-another\"", Cancel);
        await using var server = await StubServer.StartAsync((http, _) => SendAsync(http, breakOff: false));
        using var connection = Connect(server.Address);

        Assert.True(await connection.DownloadAsync("artifacts/a", File_, Cancel));

        Assert.Equal(s_content, await File.ReadAllBytesAsync(File_, Cancel));
    }

    [Fact]
    public async Task What_arrives_changed_is_thrown_away()
    {
        await using var server = await StubServer.StartAsync(async (http, _) =>
        {
            http.Response.Headers.ETag = s_tag;
            await http.Response.Body.WriteAsync(new byte[10], Cancel);
        });
        using var connection = Connect(server.Address);

        await Assert.ThrowsAsync<IOException>(() => connection.DownloadAsync("artifacts/a", File_, Cancel));

        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task What_was_whole_already_is_taken()
    {
        await File.WriteAllBytesAsync(File_, s_content, Cancel);
        await File.WriteAllTextAsync($"{File_}.tag", s_tag, Cancel);
        await using var server = await StubServer.StartAsync((http, _) => SendAsync(http, breakOff: false));
        using var connection = Connect(server.Address);

        Assert.True(await connection.DownloadAsync("artifacts/a", File_, Cancel));

        Assert.Equal(s_content.Length, new FileInfo(File_).Length);
    }

    [Fact]
    public async Task What_is_not_there_is_said()
    {
        await using var server = await StubServer.StartAsync((http, _) =>
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
        using var connection = Connect(server.Address);

        Assert.False(await connection.DownloadAsync("artifacts/a", File_, Cancel));
    }

    private static ListenerConnection Connect(Uri address) => new(
        new ListenerConnectionOptions { Address = address, Listener = Guid.NewGuid(), Key = () => "key" }, ControlPlaneHandler.Create(caFile: null));

    private static async Task SendAsync(HttpContext http, bool breakOff)
    {
        var range = http.Request.GetTypedHeaders().Range?.Ranges.Single();
        var isSame = http.Request.Headers.IfRange == s_tag;
        var from = range is not null && isSame ? (int)range.From!.Value : 0;
        http.Response.Headers.ETag = s_tag;
        if (from >= s_content.Length)
        {
            http.Response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
            return;
        }

        http.Response.StatusCode = from > 0 ? StatusCodes.Status206PartialContent : StatusCodes.Status200OK;
        http.Response.ContentLength = s_content.Length - from;
        await http.Response.Body.WriteAsync(s_content.AsMemory(from, breakOff ? Half : s_content.Length - from));
        await http.Response.Body.FlushAsync();
        if (breakOff) http.Abort();
    }
}
