using System.Net;
using System.Runtime.Versioning;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.Serving;

/// <summary><c>pilothouse-server serve</c> as an operator meets it.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ServeTests : IDisposable
{
    private const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly string _root = Directory.CreateTempSubdirectory("pilothouse-serve-").FullName;

    private string Data => Path.Combine(_root, "data");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task First_start_shows_the_key_once_keeps_it_for_its_owner_and_serves_under_both_prefixes()
    {
        await using var server = await RunningServer.StartAsync(directory: Data);
        Assert.Contains(server.Key, server.Output, StringComparison.Ordinal);
        Assert.Equal(OwnersFile, File.GetUnixFileMode(Path.Combine(Data, "bootstrap-key")));
        Assert.Equal(OwnersFile | UnixFileMode.UserExecute, File.GetUnixFileMode(Data));

        Assert.Equal(0, await server.StopAsync());
        await server.StartAgainAsync();

        Assert.Equal(2, server.Output.Split(server.Key).Length);
        using var client = server.Client();
        foreach (var path in (string[])["ok", "api-host/ok", "v2/deployments", "api-host/v2/deployments"])
        {
            using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Repository.Cancel);
            Assert.Equal((path, HttpStatusCode.OK), (path, answer.StatusCode));
        }
    }

    [Fact]
    public async Task Key_that_the_operator_brings_opens_and_is_written_nowhere()
    {
        const string key = "lsv2_sk_brought_by_the_operator_0123456789";
        await using var server = await RunningServer.StartAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["BOOTSTRAP_KEY"] = key }, Data);

        using var client = server.Client(key);
        using var answer = await client.GetAsync(new Uri("v2/deployments", UriKind.Relative), Repository.Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.DoesNotContain(key, server.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Data, "bootstrap-key")));
    }

    [Fact]
    public async Task Second_server_on_one_data_directory_ends_with_a_sentence()
    {
        await using var server = await RunningServer.StartAsync(directory: Data);

        var ended = await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => RunningServer.StartAsync(directory: Data));

        Assert.Contains("ended with code 1", ended.Message, StringComparison.Ordinal);
        Assert.Contains($"The data directory '{Data}' is in use by another pilothouse", ended.Message, StringComparison.Ordinal);
        using var client = server.Client();
        using var answer = await client.GetAsync(new Uri("v2/deployments", UriKind.Relative), Repository.Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}
