using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Control.Tests.Uploads;

public sealed class UploadTests
{
    private static readonly byte[] s_archive = Archives.Gzip("source");

    private static CancellationToken Cancel => ControlHost.Cancel;

    [Theory]
    [InlineData(null)]
    [InlineData("""{"supports_upload_headers": true}""")]
    [InlineData("""{"supports_upload_headers": true, "unknown": [1]}""")]
    [InlineData("null")]
    public async Task A8_12_upload_url_takes_a_body_or_none(string? body)
    {
        await using var world = await ControlWorld.StartAsync();
        var deployment = await world.DeploymentAsync();

        var (status, answer) = await AskAsync(world, deployment, body);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.StartsWith(world.Host.Address.AbsoluteUri, answer.GetProperty("upload_url").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("uploads/", answer.GetProperty("object_path").GetString(), StringComparison.Ordinal);
        Assert.Equal("application/gzip", answer.GetProperty("upload_headers").GetProperty("Content-Type").GetString());
    }

    [Theory]
    [InlineData("internal_source", HttpStatusCode.OK)]
    [InlineData("internal_docker", HttpStatusCode.OK)]
    [InlineData("github", HttpStatusCode.BadRequest)]
    [InlineData("external_docker", HttpStatusCode.BadRequest)]
    public async Task Every_internal_source_may_upload_and_no_other(string source, HttpStatusCode expected)
    {
        await using var world = await ControlWorld.StartAsync();

        var (status, answer) = await AskAsync(world, await world.DeploymentAsync(source));

        Assert.Equal(expected, status);
        if (expected != HttpStatusCode.OK)
            Assert.Equal($"Source uploads are only available for 'internal_source' source deployments; this one's source is '{source}'.", answer.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Upload_url_lies_below_the_public_URL_or_where_the_caller_came()
    {
        await using var configured = await ControlWorld.StartAsync(settings: new() { ["Gateway:PublicUrl"] = "https://agents.example.com/base/" });
        await using var plain = await ControlWorld.StartAsync();

        var (_, outside) = await AskAsync(configured, await configured.DeploymentAsync());
        var (_, prefixed) = await AskAsync(plain, await plain.DeploymentAsync(), prefix: "/api-host");

        Assert.StartsWith("https://agents.example.com/base/uploads/", outside.GetProperty("upload_url").GetString(), StringComparison.Ordinal);
        Assert.StartsWith($"{plain.Host.Address}api-host/uploads/", prefixed.GetProperty("upload_url").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upload_url_needs_a_key_of_the_workspace_that_may_update()
    {
        await using var world = await ControlWorld.StartAsync();
        var deployment = await world.DeploymentAsync();
        var viewer = await world.Host.AddKeyAsync((await world.Host.WorkspaceAsync()).Value, Roles.Viewer);
        var foreign = await world.DeploymentAsync(workspace: Guid.NewGuid());

        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(world, deployment, key: "none-of-ours-at-all")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(world, deployment, key: viewer)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(world, foreign)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(world, Guid.NewGuid())).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await AskAsync(world, deployment, "{\"supports_upload_headers\":[]}")).Status);
    }

    [Fact]
    public async Task A8_14_upload_needs_no_key_and_tolerates_headers_of_other_vendors()
    {
        await using var world = await ControlWorld.StartAsync();
        var deployment = await world.DeploymentAsync();
        var (url, path) = await UrlAsync(world, deployment);

        using var client = world.Host.Client(key: null);
        using var request = new HttpRequestMessage(HttpMethod.Put, url) { Content = new ByteArrayContent(s_archive) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/gzip");
        request.Headers.TryAddWithoutValidation("X-Goog-Content-Length-Range", "0,209715200");
        request.Headers.TryAddWithoutValidation("User-Agent", "Python-urllib/3.11");
        using var answer = await client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var row = await RowAsync(world, path);
        Assert.Equal((s_archive.Length, Convert.ToHexStringLower(SHA256.HashData(s_archive))), (row.SizeBytes, row.Sha256));
        Assert.NotNull(row.StoredAt);
        Assert.Equal(s_archive, await File.ReadAllBytesAsync(world.BlobOf(path), Cancel));
        Assert.Empty(Arriving(world));
    }

    [Fact]
    public async Task Upload_url_takes_one_upload()
    {
        await using var world = await ControlWorld.StartAsync();
        var (url, path) = await UrlAsync(world, await world.DeploymentAsync());
        Assert.Equal(HttpStatusCode.OK, (await PutAsync(world, url, s_archive)).Status);

        var (status, detail) = await PutAsync(world, url, Archives.Gzip("another"));

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("used already", detail, StringComparison.Ordinal);
        Assert.Equal(s_archive, await File.ReadAllBytesAsync(world.BlobOf(path), Cancel));
    }

    [Fact]
    public async Task Of_parallel_uploads_to_one_URL_exactly_one_wins()
    {
        await using var world = await ControlWorld.StartAsync();
        var (url, path) = await UrlAsync(world, await world.DeploymentAsync());
        var archives = Enumerable.Range(0, 8).Select(number => Archives.Gzip($"source {number} {new string('x', 300_000)}")).ToList();

        var answers = await Task.WhenAll(archives.Select(archive => PutAsync(world, url, archive)));

        var winner = Assert.Single(answers.Index(), answer => answer.Item.Status == HttpStatusCode.OK);
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer => Assert.Equal(HttpStatusCode.Conflict, answer.Status));
        Assert.Equal(archives[winner.Index], await File.ReadAllBytesAsync(world.BlobOf(path), Cancel));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(archives[winner.Index])), (await RowAsync(world, path)).Sha256);
        Assert.Empty(Arriving(world));
    }

    [Fact]
    public async Task Expired_URL_is_403()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var world = await ControlWorld.StartAsync(services: services => services.AddSingleton<TimeProvider>(clock));
        var (url, path) = await UrlAsync(world, await world.DeploymentAsync());
        clock.Advance(TimeSpan.FromHours(1));

        var (status, detail) = await PutAsync(world, url, s_archive);

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("expired", detail, StringComparison.Ordinal);
        Assert.False(File.Exists(world.BlobOf(path)));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("..%2F..%2Fetc%2Fpasswd")]
    public async Task Unknown_token_is_404(string token)
    {
        await using var world = await ControlWorld.StartAsync();

        Assert.Equal(HttpStatusCode.NotFound, (await PutAsync(world, $"{world.Host.Address}uploads/{token}", s_archive)).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("PK\u0003\u0004 a zip")]
    [InlineData("\u001f")]
    public async Task What_is_no_gzip_is_400_and_the_URL_stays_usable(string content)
    {
        await using var world = await ControlWorld.StartAsync();
        var (url, path) = await UrlAsync(world, await world.DeploymentAsync());

        var (status, detail) = await PutAsync(world, url, Encoding.Latin1.GetBytes(content));

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("gzip", detail, StringComparison.Ordinal);
        Assert.Empty(Arriving(world));
        Assert.False(File.Exists(world.BlobOf(path)));
        Assert.Equal(HttpStatusCode.OK, (await PutAsync(world, url, s_archive)).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Archive_above_the_limit_is_413_whether_its_length_is_told_or_not(bool isChunked)
    {
        await using var world = await ControlWorld.StartAsync(settings: new() { ["Uploads:LimitBytes"] = "100000" });
        var (url, path) = await UrlAsync(world, await world.DeploymentAsync());
        byte[] large = [.. s_archive, .. new byte[100_000]];

        var (status, detail) = await PutAsync(world, url, large, isChunked);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
        Assert.Contains("larger than 100000 bytes", detail, StringComparison.Ordinal);
        Assert.Empty(Arriving(world));
        Assert.False(File.Exists(world.BlobOf(path)));
    }

    [Fact]
    public async Task Archive_above_the_servers_own_limit_for_bodies_is_taken()
    {
        await using var world = await ControlWorld.StartAsync();
        var (url, path) = await UrlAsync(world, await world.DeploymentAsync());
        byte[] large = [.. s_archive, .. new byte[32 * 1024 * 1024]];

        Assert.Equal(HttpStatusCode.OK, (await PutAsync(world, url, large)).Status);
        Assert.Equal(large.Length, new FileInfo(world.BlobOf(path)).Length);
    }

    [Fact]
    public async Task Length_that_lies_stores_nothing_and_the_URL_stays_usable()
    {
        await using var world = await ControlWorld.StartAsync();
        var (url, path) = await UrlAsync(world, await world.DeploymentAsync());

        var answer = await SendRawAsync(world, url, contentLength: s_archive.Length + 1_000, s_archive);

        Assert.DoesNotContain("200 OK", answer, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => Arriving(world).Length == 0);
        Assert.False(File.Exists(world.BlobOf(path)));
        Assert.Equal(HttpStatusCode.OK, (await PutAsync(world, url, s_archive)).Status);
    }

    [Fact]
    public async Task Client_that_goes_away_leaves_nothing_and_may_come_again()
    {
        await using var world = await ControlWorld.StartAsync();
        var (url, path) = await UrlAsync(world, await world.DeploymentAsync());

        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(world.Host.Address.Host, world.Host.Address.Port, Cancel);
            await socket.GetStream().WriteAsync(Head(url, 1_000_000), Cancel);
            await socket.GetStream().WriteAsync(s_archive.Concat(new byte[300_000]).ToArray(), Cancel);
            await Eventually.TrueAsync(() => Arriving(world).Length == 1);
            socket.Client.Close(timeout: 0);
        }

        await Eventually.TrueAsync(() => Arriving(world).Length == 0);
        Assert.False(File.Exists(world.BlobOf(path)));
        Assert.Null((await RowAsync(world, path)).StoredAt);
        Assert.Equal(HttpStatusCode.OK, (await PutAsync(world, url, s_archive)).Status);
    }

    [Fact]
    public async Task Token_is_nowhere_in_the_store()
    {
        await using var world = await ControlWorld.StartAsync();
        var (url, _) = await UrlAsync(world, await world.DeploymentAsync());
        var token = Encoding.ASCII.GetBytes(url[(url.LastIndexOf('/') + 1)..]);

        foreach (var file in Directory.GetFiles(world.Host.Directory, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)))
            Assert.Equal(-1, (await File.ReadAllBytesAsync(file, Cancel)).AsSpan().IndexOf(token));
    }

    [Theory]
    [InlineData("external_docker", "only available for 'internal_docker' source deployments")]
    [InlineData("github", "only available for 'internal_docker' source deployments")]
    [InlineData("internal_docker", "need a container runtime")]
    [InlineData("internal_source", "--remote")]
    public async Task A8_12_push_token_with_a_body_or_none_is_refused_in_words_that_say_what_to_do(string source, string expected)
    {
        await using var world = await ControlWorld.StartAsync();
        var deployment = await world.DeploymentAsync(source);
        using var client = world.Host.Client();
        foreach (var text in (string?[])["""{"supports_registry_username": true}""", "{}", null])
        {
            using var body = text is null ? null : new StringContent(text, Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync($"/v2/deployments/{deployment}/push-token", body, Cancel);

            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Contains(expected, await DetailAsync(answer), StringComparison.Ordinal);
        }
    }

    private static string[] Arriving(ControlWorld world)
    {
        var folder = Path.Combine(world.Host.Directory, "blobs", "arriving");
        return Directory.Exists(folder) ? Directory.GetFiles(folder, "*", SearchOption.AllDirectories) : [];
    }

    private static Task<UploadRow> RowAsync(ControlWorld world, string path) =>
        world.Host.WithDbAsync(db => db.Uploads.AsNoTracking().SingleAsync(row => row.ObjectPath == path, Cancel));

    private static async Task<(HttpStatusCode Status, JsonElement Answer)> AskAsync(
        ControlWorld world, Guid deployment, string? body = null, string? key = null, string prefix = "")
    {
        using var client = key is null ? world.Host.Client() : world.Host.Client(key);
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync($"{prefix}/v2/deployments/{deployment}/upload-url", content, Cancel);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel));
        return (answer.StatusCode, json.RootElement.Clone());
    }

    private static async Task<(string Url, string Path)> UrlAsync(ControlWorld world, Guid deployment)
    {
        var (_, answer) = await AskAsync(world, deployment);
        return (answer.GetProperty("upload_url").GetString()!, answer.GetProperty("object_path").GetString()!);
    }

    private static async Task<(HttpStatusCode Status, string Detail)> PutAsync(ControlWorld world, string url, byte[] content, bool isChunked = false)
    {
        using var client = world.Host.Client(key: null);
        using var request = new HttpRequestMessage(HttpMethod.Put, url) { Content = new ByteArrayContent(content) };
        request.Headers.TransferEncodingChunked = isChunked;
        using var answer = await client.SendAsync(request, Cancel);
        return (answer.StatusCode, answer.IsSuccessStatusCode ? "" : await DetailAsync(answer));
    }

    private static async Task<string> DetailAsync(HttpResponseMessage answer)
    {
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel));
        return json.RootElement.GetProperty("detail").GetString()!;
    }

    private static byte[] Head(string url, long contentLength) => Encoding.ASCII.GetBytes(
        $"PUT {new Uri(url).AbsolutePath} HTTP/1.1\r\nHost: {new Uri(url).Authority}\r\nContent-Length: {contentLength}\r\nConnection: close\r\n\r\n");

    /// <summary>Sends the bytes, says that no more will come, and reads the answer; a server may also just hang up.</summary>
    private static async Task<string> SendRawAsync(ControlWorld world, string url, long contentLength, byte[] content)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(world.Host.Address.Host, world.Host.Address.Port, Cancel);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Head(url, contentLength), Cancel);
        await stream.WriteAsync(content, Cancel);
        socket.Client.Shutdown(SocketShutdown.Send);
        using var reader = new StreamReader(stream);
        try
        {
            return await reader.ReadToEndAsync(Cancel);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
