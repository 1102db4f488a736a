using System.Net;
using System.Text.Json;
using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.Observing;

/// <summary><c>/healthz</c>, <c>/readyz</c> and who may read <c>/metrics</c>.</summary>
public sealed class ProbeTests
{
    /// <summary>Of the shared-memory file of SQLite's write-ahead log: the bytes that readers lock (https://sqlite.org/walformat.html#wal_locks).</summary>
    private const long ReadLocks = 123;
    private const long ReadLockCount = 5;

    [Fact]
    public async Task Store_that_does_not_answer_makes_the_server_unready_which_says_why_and_lives_on()
    {
        var management = new Uri($"http://127.0.0.1:{FreePort.Take()}");
        await using var server = await RunningServer.StartAsync(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Observability:StoreLimit"] = "00:00:00.300",
            ["Observability:ManagementUrl"] = management.AbsoluteUri,
        });
        using var probe = new HttpClient { BaseAddress = server.Address };
        using var manager = new HttpClient { BaseAddress = management };
        await Eventually.ReadAsync(async () => await AskAsync(probe, "/readyz"), answer => answer.Status == HttpStatusCode.OK);

        await using (var file = new FileStream(
            Path.Combine(server.DataDirectory, "pilothouse.db-shm"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            await Eventually.TrueAsync(() => Locks(file));
            foreach (var client in (HttpClient[])[probe, manager])
            {
                var (status, body) = await AskAsync(client, "/readyz");

                Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
                Assert.False(body.GetProperty("ready").GetBoolean());
                var failed = body.GetProperty("checks").EnumerateArray().Single(check => !check.GetProperty("ok").GetBoolean());
                Assert.Equal("store", failed.GetProperty("name").GetString());
                Assert.Equal("The store does not answer within 0.3 s.", failed.GetProperty("detail").GetString());
            }

            Assert.Equal(HttpStatusCode.OK, (await AskAsync(probe, "/healthz")).Status);
        }

        await Eventually.ReadAsync(async () => await AskAsync(probe, "/readyz"), answer => answer.Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Metrics_ask_for_a_key_and_the_management_address_serves_nothing_else()
    {
        var management = new Uri($"http://127.0.0.1:{FreePort.Take()}");
        await using var server = await RunningServer.StartAsync(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Observability:ManagementUrl"] = management.AbsoluteUri });
        using var anybody = new HttpClient { BaseAddress = server.Address };
        using var operators = server.Client();
        using var manager = server.Client();
        manager.BaseAddress = management;

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(anybody, "/metrics"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(operators, "/metrics"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(manager, "/metrics"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(manager, "/healthz"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(manager, "/v2/deployments"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(manager, "/lgp/x/ok"));
    }

    [Theory]
    [InlineData("ManagementUrl", "9464", "Observability:ManagementUrl is '9464'")]
    [InlineData("OtlpEndpoint", "collector:4317", "Observability:OtlpEndpoint is 'collector:4317'")]
    public async Task Setting_that_cannot_be_ends_the_start_with_a_sentence(string option, string value, string sentence)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal) { [$"Observability:{option}"] = value };

        var ended = await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => RunningServer.StartAsync(settings));

        Assert.Contains("ended with code 1", ended.Message, StringComparison.Ordinal);
        Assert.Contains(sentence, ended.Message, StringComparison.Ordinal);
    }

    /// <summary>False while the server reads.</summary>
    private static bool Locks(FileStream file)
    {
        try
        {
#pragma warning disable CA1416 // Linux alone runs these tests.
            file.Lock(ReadLocks, ReadLockCount);
#pragma warning restore CA1416
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> AskAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Repository.Cancel);
        return (answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Repository.Cancel)).RootElement.Clone());
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Repository.Cancel);
        return answer.StatusCode;
    }
}
