using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Logs;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Client.Tests;

public sealed class PilothouseClientTests
{
    private const string NoLogs = """{"logs":[],"next_offset":null}""";
    private static readonly Guid s_id = Guid.NewGuid();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(429)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task What_changes_nothing_is_repeated_while_the_control_plane_is_away(int status)
    {
        await using var server = await StubServer.StartAsync((context, number) => number % 2 == 1
            ? StubServer.SayAsync(context, status, "")
            : StubServer.SayAsync(context, 200, context.Request.Method == "GET" ? """{"resources":[],"offset":0}""" : NoLogs));
        using var client = server.Client();

        Assert.Empty(await client.ListRevisionsAsync(s_id, cancellationToken: Cancel));
        Assert.Empty((await client.DeployLogsAsync(s_id, null, new LogQuery(), Cancel)).Logs);

        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public async Task Broken_connection_is_tried_again_for_a_get()
    {
        await using var server = await StubServer.StartAsync((context, number) =>
        {
            if (number > 2) return StubServer.SayAsync(context, 200, """{"resources":[],"offset":0}""");
            context.Abort();
            return Task.CompletedTask;
        });
        using var client = server.Client();

        Assert.Empty(await client.ListRevisionsAsync(s_id, cancellationToken: Cancel));
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task Retry_after_is_waited_for_and_one_beyond_reason_is_told_at_once()
    {
        await using var server = await StubServer.StartAsync((context, number) =>
        {
            if (number == 2) return StubServer.SayAsync(context, 200, """{"resources":[],"offset":0}""");
            context.Response.Headers.RetryAfter = number == 1 ? "1" : "3600";
            return StubServer.SayAsync(context, 429, """{"detail":"Slow down"}""");
        });
        using var client = server.Client();
        var began = TimeProvider.System.GetTimestamp();

        await client.ListRevisionsAsync(s_id, cancellationToken: Cancel);
        var waited = TimeProvider.System.GetElapsedTime(began);
        var refused = await Assert.ThrowsAsync<ApiException>(() => client.ListRevisionsAsync(s_id, cancellationToken: Cancel));

        Assert.True(waited >= TimeSpan.FromSeconds(0.95), $"{waited}");
        Assert.Equal("Slow down", refused.Detail);
        Assert.Equal(3, server.Requests.Count);
    }

    [Theory]
    [InlineData("create")]
    [InlineData("patch")]
    [InlineData("delete")]
    [InlineData("redeploy")]
    [InlineData("upload")]
    public async Task What_changes_something_is_sent_once(string call)
    {
        await using var server = await StubServer.StartAsync((context, _) => StubServer.SayAsync(context, 503, """{"detail":"away"}"""));
        using var client = server.Client();

        var refused = await Assert.ThrowsAsync<ApiException>(() => call switch
        {
            "create" => client.CreateDeploymentAsync(Create(), Cancel),
            "patch" => client.PatchDeploymentAsync(s_id, new DeploymentPatch(), Cancel),
            "delete" => client.DeleteDeploymentAsync(s_id, Cancel),
            "redeploy" => client.RedeployAsync(s_id, s_id, Cancel),
            _ => client.UploadAsync(new UploadUrl($"{server.Address}up", "o", new Dictionary<string, string>()), new MemoryStream([1]), cancellationToken: Cancel),
        });

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "away"), (refused.Status, refused.Detail));
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("""{"detail":"Deployment not found"}""", "Deployment not found")]
    [InlineData("""{"detail":[{"type":"enum","loc":["body","source_config","deployment_type"],"msg":"Input should be 'dev'","input":"x"},{"type":"missing","loc":["body","secrets",0,"name"],"msg":"Field required","input":null}]}""",
        "source_config.deployment_type: Input should be 'dev'; secrets[0].name: Field required")]
    [InlineData("<html>Bad request</html>\n", "<html>Bad request</html>")]
    [InlineData("""{"detail":{"other":1}}""", """{"detail":{"other":1}}""")]
    [InlineData("""{"detail":[{"type":"x","loc":["body",null],"msg":"odd","input":1}]}""", ": odd")]
    [InlineData("", "status 400, without a word why")]
    public async Task Refusals_say_what_the_control_plane_said(string body, string detail)
    {
        await using var server = await StubServer.StartAsync((context, _) => StubServer.SayAsync(context, 400, body));
        using var client = server.Client();

        var refused = await Assert.ThrowsAsync<ApiException>(() => client.GetDeploymentAsync(s_id, Cancel));

        Assert.Equal(detail, refused.Detail);
    }

    [Fact]
    public async Task Page_that_is_no_answer_of_a_control_plane_is_refused_in_words()
    {
        await using var server = await StubServer.StartAsync((context, _) => StubServer.SayAsync(context, 200, "<html>", "text/html"));
        using var client = server.Client();

        var refused = await Assert.ThrowsAsync<ApiException>(() => client.GetDeploymentAsync(s_id, Cancel));

        Assert.Contains("is the address right?", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirect_is_told_and_carries_the_key_nowhere()
    {
        await using var other = await StubServer.StartAsync((context, _) => StubServer.SayAsync(context, 200, "{}"));
        await using var server = await StubServer.StartAsync((context, _) =>
        {
            context.Response.Redirect($"{other.Address}elsewhere");
            return Task.CompletedTask;
        });
        using var client = server.Client();

        var refused = await Assert.ThrowsAsync<ApiException>(() => client.GetDeploymentAsync(s_id, Cancel));

        Assert.Equal($"the address has moved to {other.Address}elsewhere", refused.Detail);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task Refused_port_is_unreachable()
    {
        using var client = new PilothouseClient(new ClientOptions { Address = new Uri($"http://127.0.0.1:{FreePort.Take()}"), ApiKey = "k" });

        var unreachable = await Assert.ThrowsAsync<UnreachableException>(() => client.DeleteDeploymentAsync(s_id, Cancel));

        Assert.Equal((client.Address, true), (unreachable.Address, unreachable.IsRefused));
    }

    [Fact]
    public async Task Connection_that_broke_after_the_call_was_sent_is_not_called_refused_and_the_call_is_not_repeated()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var calls = 0;
        var served = ServeAsync();
        using var client = new PilothouseClient(new ClientOptions { Address = new Uri($"http://{listener.LocalEndpoint}"), ApiKey = "k" });
        // So that the next call goes over a connection that was used before.
        await client.DeleteDeploymentAsync(s_id, Cancel);

        var broken = await Assert.ThrowsAsync<UnreachableException>(() => client.RedeployAsync(s_id, s_id, Cancel));

        listener.Stop();
        await served.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Assert.False(broken.IsRefused);
        Assert.Equal(2, calls);

        // Answers the first call of all; closes the connection, without an answer, at every later one.
        async Task ServeAsync()
        {
            var buffer = new byte[4096];
            while (true)
            {
                using var caller = await listener.AcceptTcpClientAsync(Cancel);
                var stream = caller.GetStream();
                while (await stream.ReadAsync(buffer, Cancel) > 0 && ++calls == 1) await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"u8.ToArray(), Cancel);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_that_takes_too_long_is_unreachable_and_a_callers_cancellation_is_not(bool afterItsHead)
    {
        await using var server = await StubServer.StartAsync(async (context, _) =>
        {
            if (afterItsHead) await context.Response.WriteAsync("{", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        using var hasty = server.Client(limit: TimeSpan.FromMilliseconds(200));
        using var patient = server.Client();
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(200), TimeProvider.System);

        Assert.False((await Assert.ThrowsAsync<UnreachableException>(() => hasty.PatchDeploymentAsync(s_id, new DeploymentPatch(), Cancel))).IsRefused);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => patient.PatchDeploymentAsync(s_id, new DeploymentPatch(), stop.Token));
    }

    [Fact]
    public async Task Paging_gives_each_deployment_once_while_others_are_made()
    {
        var all = Enumerable.Range(0, 250).Select(number => Deployment($"d{number}")).ToList();
        var before = all.Select(one => one.Id).ToHashSet();
        await using var server = await StubServer.StartAsync((context, _) =>
        {
            var offset = int.Parse(context.Request.Query["offset"].Single()!);
            var page = new DeploymentsList([.. all.Skip(offset).Take(100)], offset + 100);
            all.InsertRange(0, [Deployment("new"), Deployment("newer")]);
            return StubServer.SayAsync(context, 200, JsonSerializer.Serialize(page, ApiJson.Default.DeploymentsList));
        });
        using var client = server.Client();

        var seen = new List<Guid>();
        await foreach (var one in client.ListDeploymentsAsync(cancellationToken: Cancel)) seen.Add(one.Id);

        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.True(before.IsSubsetOf(seen));
    }

    [Fact]
    public async Task Upload_streams_with_its_headers_and_without_the_key()
    {
        var source = new byte[300_000];
        Random.Shared.NextBytes(source);
        var got = new MemoryStream();
        IHeaderDictionary headers = null!;
        await using var server = await StubServer.StartAsync((context, _) =>
        {
            headers = new HeaderDictionary(context.Request.Headers.ToDictionary());
            return context.Request.Body.CopyToAsync(got, Cancel);
        });
        using var client = server.Client();
        var progress = new List<long>();

        await client.UploadAsync(
            new UploadUrl($"{server.Address}up?sig=1", "o", new Dictionary<string, string> { ["x-goog-content-length-range"] = "0,1", ["Content-Type"] = "application/x-own" }),
            new MemoryStream(source), progress.Add, Cancel);

        Assert.Equal(source, got.ToArray());
        Assert.Equal(source.Length, progress[^1]);
        Assert.True(progress.Count > 2 && progress.SequenceEqual(progress.Order()));
        Assert.Equal("PUT /up?sig=1", Assert.Single(server.Requests));
        Assert.Equal("0,1", headers["x-goog-content-length-range"].Single());
        Assert.Equal("application/x-own", headers.ContentType.Single());
        Assert.Equal(source.Length, headers.ContentLength);
        Assert.False(headers.ContainsKey("X-Api-Key"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("api-host")]
    [InlineData("api-host/")]
    public async Task Path_of_the_address_is_kept_and_key_and_workspace_are_sent(string path)
    {
        string?[] sent = [];
        await using var server = await StubServer.StartAsync((context, _) =>
        {
            sent = [context.Request.Headers["X-Api-Key"], context.Request.Headers["X-Tenant-Id"]];
            return StubServer.SayAsync(context, 200, "{}");
        });
        using var client = server.Client(path, "tenant");

        await client.DeleteDeploymentAsync(s_id, Cancel);

        Assert.Equal($"DELETE {(path.Length > 0 ? "/api-host" : "")}/v2/deployments/{s_id}", Assert.Single(server.Requests));
        Assert.Equal(["lsv2_key", "tenant"], sent);
    }

    internal static DeploymentCreate Create() => new()
    {
        Name = "n",
        Source = "internal_source",
        SourceConfig = new SourceConfig(),
        SourceRevisionConfig = new SourceRevisionConfig(),
        Secrets = [],
    };

    internal static Deployment Deployment(string name) => new()
    {
        Id = Guid.NewGuid(),
        TenantId = s_id,
        Name = name,
        Source = "internal_source",
        SourceConfig = new SourceConfig(),
        SourceRevisionConfig = new SourceRevisionConfig(),
        Secrets = [],
        CreatedAt = default,
        UpdatedAt = default,
        Status = "READY",
    };
}
