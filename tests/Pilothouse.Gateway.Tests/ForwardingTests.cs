using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Pilothouse.Gateway.Tests.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Gateway.Tests;

public sealed class ForwardingTests
{
    private static CancellationToken Cancel => GatewayHost.Cancel;

    [Fact]
    public async Task Prefix_is_cut_off_query_and_escapes_are_kept_and_the_revision_is_named()
    {
        await using var upstream = await Upstream.SayingAsync("hello");
        await using var host = await GatewayHost.StartAsync();
        host.Gateway.Publish(host.Route(upstream.Revision, upstream.Address));
        using var client = host.Client();

        using var answer = await client.GetAsync(new Uri("threads/a%20b/%C3%A4?x=1&y=%2F", UriKind.Relative), Cancel);

        Assert.Equal("hello", await answer.Content.ReadAsStringAsync(Cancel));
        Assert.Equal($"{upstream.Revision}", answer.Headers.GetValues("X-Pilothouse-Revision").Single());
        var seen = Assert.Single(upstream.Seen);
        Assert.Equal("/threads/a%20b/%C3%A4?x=1&y=%2F", seen.Target);
        Assert.Equal("/lgp/echo-1234", seen.Headers["X-Forwarded-Prefix"]);
        Assert.Equal("127.0.0.1", seen.Headers["X-Forwarded-For"]);
        using var bare = await client.GetAsync(new Uri("/lgp/echo-1234", UriKind.Relative), Cancel);
        Assert.Equal("/", upstream.Seen.Last().Target);
    }

    [Fact]
    public async Task Key_is_asked_for_checked_and_not_handed_on()
    {
        await using var upstream = await Upstream.SayingAsync("in");
        await using var host = await GatewayHost.StartAsync();
        host.Gateway.Publish(host.Route(upstream.Revision, upstream.Address));

        using var none = await host.Client(key: null).GetAsync(new Uri("ok", UriKind.Relative), Cancel);
        using var wrong = await host.Client("lsv2_sk_of_somebody_else").GetAsync(new Uri("ok", UriKind.Relative), Cancel);
        using var right = await host.Client().GetAsync(new Uri("ok", UriKind.Relative), Cancel);
        using var bearer = host.Client(key: null);
        bearer.DefaultRequestHeaders.Authorization = new("Bearer", GatewayHost.Key);
        using var byBearer = await bearer.GetAsync(new Uri("ok", UriKind.Relative), Cancel);

        Assert.Equal(
            [HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.OK, HttpStatusCode.OK],
            [none.StatusCode, wrong.StatusCode, right.StatusCode, byBearer.StatusCode]);
        Assert.StartsWith("{\"detail\":", await none.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(2, upstream.Seen.Count);
        Assert.All(upstream.Seen, seen => Assert.DoesNotContain(seen.Headers.Values, value => value.Contains(GatewayHost.Key, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_project_with_its_own_auth_gets_its_callers_credentials_unchecked()
    {
        await using var upstream = await Upstream.SayingAsync("mine");
        await using var host = await GatewayHost.StartAsync();
        host.Gateway.Publish(host.Route(upstream.Revision, upstream.Address) with { RequiresKey = false });

        using var answer = await host.Client("their-own-key").GetAsync(new Uri("ok", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("their-own-key", Assert.Single(upstream.Seen).Headers["X-Api-Key"]);
    }

    [Theory]
    [InlineData(".pilothouse/busy")]
    [InlineData("%2Epilothouse/busy")]
    [InlineData("/.pilothouse/busy")]
    [InlineData(".PILOTHOUSE/busy")]
    [InlineData("%2f.pilothouse/busy")]
    [InlineData("%252epilothouse/busy")]
    [InlineData("x%2f..%2f.pilothouse/busy")]
    [InlineData("x/../.pilothouse/busy")]
    public async Task Probes_of_ours_are_nobody_elses(string path)
    {
        await using var upstream = await Upstream.SayingAsync("busy");
        await using var host = await GatewayHost.StartAsync();
        host.Gateway.Publish(host.Route(upstream.Revision, upstream.Address));

        using var answer = await host.Client().GetAsync(new Uri($"{host.Address}lgp/echo-1234/{path}"), Cancel);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Empty(upstream.Seen);
    }

    [Fact]
    public async Task Unknown_labels_are_404_no_replica_is_503_and_other_paths_go_on()
    {
        await using var host = await GatewayHost.StartAsync(("Forwarding:RestartLimit", "00:00:00.100"));
        using var client = host.Client();
        using var unknown = await client.GetAsync(new Uri("ok", UriKind.Relative), Cancel);
        host.Gateway.Publish(host.Route(Core.RevisionId.New()));
        using var empty = await client.GetAsync(new Uri("ok", UriKind.Relative), Cancel);
        using var other = await client.GetAsync(new Uri("/v2/deployments", UriKind.Relative), Cancel);
        host.Gateway.Remove(host.Deployment);
        using var removed = await client.GetAsync(new Uri("ok", UriKind.Relative), Cancel);

        Assert.Equal(
            [HttpStatusCode.NotFound, HttpStatusCode.ServiceUnavailable, HttpStatusCode.NotFound], [unknown.StatusCode, empty.StatusCode, removed.StatusCode]);
        Assert.True(empty.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        Assert.True(empty.Headers.Contains("X-Pilothouse-Revision"));
        Assert.Equal("not for the gateway", await other.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task A_wildcard_domain_names_agents_by_host()
    {
        await using var upstream = await Upstream.SayingAsync("by host");
        await using var host = await GatewayHost.StartAsync(("Gateway:Domain", "agents.example"));
        host.Gateway.Publish(host.Route(upstream.Revision, upstream.Address));
        using var client = host.Client();
        foreach (var (name, expected) in new[] { ("echo-1234.agents.example", "by host"), ("ECHO-1234.Agents.Example:81", "by host"), ("agents.example", "not for the gateway"), ("a.echo-1234.agents.example", "not for the gateway") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Address, "/info"));
            request.Headers.Host = name;
            using var answer = await client.SendAsync(request, Cancel);
            Assert.Equal(expected, await answer.Content.ReadAsStringAsync(Cancel));
        }

        Assert.All(upstream.Seen, seen => Assert.Equal("/info", seen.Target));
    }

    [Fact]
    public async Task Events_arrive_one_by_one_and_a_caller_who_leaves_is_felt_by_the_agent()
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new SemaphoreSlim(1);
        await using var upstream = await Upstream.StartAsync(async http =>
        {
            http.RequestAborted.Register(() => left.TrySetResult());
            http.Response.ContentType = "text/event-stream";
            for (var number = 0; ; number++)
            {
                await goOn.WaitAsync(http.RequestAborted);
                await http.Response.WriteAsync($"data: {number}\n\n", http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
            }
        });
        await using var host = await GatewayHost.StartAsync();
        host.Gateway.Publish(host.Route(upstream.Revision, upstream.Address));
        using var client = host.Client();
        using (var answer = await client.GetAsync(new Uri("stream", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Cancel))
        {
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancel));
            for (var number = 0; number < 3; number++)
            {
                // The next event is not even made before this one was read.
                Assert.Equal($"data: {number}", await reader.ReadLineAsync(Cancel).AsTask().WaitAsync(Eventually.Limit, Cancel));
                await reader.ReadLineAsync(Cancel);
                goOn.Release();
            }

            Assert.Single(host.Gateway.UnderWay(host.Deployment));
        }

        await left.Task.WaitAsync(Eventually.Limit, Cancel);
        await Eventually.TrueAsync(() => host.Gateway.UnderWay(host.Deployment).Count == 0);
    }

    [Fact]
    public async Task Escapes_arrive_as_they_were_sent_and_a_stream_begins_before_its_first_event()
    {
        var targets = new List<string>();
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await Upstream.StartAsync(async http =>
        {
            targets.Add(http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget);
            await http.Response.Body.FlushAsync();
            await goOn.Task;
        });
        await using var host = await GatewayHost.StartAsync();
        host.Gateway.Publish(host.Route(upstream.Revision, upstream.Address));

        var options = new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true };
        using var answer = await host.Client().GetAsync(
            new Uri($"{host.Address}lgp/echo-1234/store/items/a%2Fb%252F%41~%7E?q=%2F", options), HttpCompletionOption.ResponseHeadersRead, Cancel).WaitAsync(Eventually.Limit, Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(["/store/items/a%2Fb%252F%41~%7E?q=%2F"], targets);
        goOn.SetResult();
    }

    [Fact]
    public async Task Of_two_keys_both_must_open()
    {
        await using var upstream = await Upstream.SayingAsync("in");
        await using var host = await GatewayHost.StartAsync();
        host.Gateway.Publish(host.Route(upstream.Revision, upstream.Address));
        using var client = host.Client("lsv2_sk_of_somebody_else");
        client.DefaultRequestHeaders.Add("X-Api-Key", GatewayHost.Key);

        using var answer = await client.GetAsync(new Uri("ok", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Empty(upstream.Seen);
    }

    [Fact]
    public async Task Web_sockets_pass()
    {
        await using var upstream = await Upstream.StartAsync(async http =>
        {
            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[1024];
            while (await socket.ReceiveAsync(buffer, http.RequestAborted) is { MessageType: WebSocketMessageType.Text } received)
                await socket.SendAsync(buffer.AsMemory(0, received.Count), WebSocketMessageType.Text, endOfMessage: true, http.RequestAborted);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, http.RequestAborted);
        });
        await using var host = await GatewayHost.StartAsync();
        host.Gateway.Publish(host.Route(upstream.Revision, upstream.Address));
        using var client = new ClientWebSocket();
        client.Options.SetRequestHeader("X-Api-Key", GatewayHost.Key);
        await client.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Address.Port}/lgp/echo-1234/socket"), Cancel);

        await client.SendAsync(Encoding.UTF8.GetBytes("ping"), WebSocketMessageType.Text, endOfMessage: true, Cancel);
        var buffer = new byte[16];
        var received = await client.ReceiveAsync(buffer, Cancel);

        Assert.Equal("ping", Encoding.UTF8.GetString(buffer, 0, received.Count));
        Assert.Single(host.Gateway.UnderWay(host.Deployment));
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancel);
        await Eventually.TrueAsync(() => host.Gateway.UnderWay(host.Deployment).Count == 0);
    }

    [Fact]
    public async Task Large_bodies_pass_both_ways_and_too_large_ones_are_413()
    {
        await using var upstream = await Upstream.StartAsync(async http =>
        {
            var hash = Convert.ToHexString(await SHA256.HashDataAsync(http.Request.Body, http.RequestAborted));
            http.Response.Headers["X-Hash"] = hash;
            await http.Response.Body.WriteAsync(new byte[32 << 20], http.RequestAborted);
        });
        await using var host = await GatewayHost.StartAsync(("Forwarding:MaxBodyBytes", $"{64 << 20}"));
        host.Gateway.Publish(host.Route(upstream.Revision, upstream.Address));
        using var client = host.Client();
        var body = RandomNumberGenerator.GetBytes(48 << 20);

        using var answer = await client.PostAsync(new Uri("big", UriKind.Relative), new ByteArrayContent(body), Cancel);
        Assert.Equal(Convert.ToHexString(SHA256.HashData(body)), answer.Headers.GetValues("X-Hash").Single());
        Assert.Equal(32 << 20, (await answer.Content.ReadAsByteArrayAsync(Cancel)).Length);

        // Asks before it sends, so that the refusal is read and no broken pipe.
        client.DefaultRequestHeaders.ExpectContinue = true;
        using var tooLarge = await client.PostAsync(new Uri("big", UriKind.Relative), new ByteArrayContent(new byte[(64 << 20) + 1]), Cancel);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLarge.StatusCode);
    }

    [Fact]
    public async Task A_dead_agent_is_502_and_a_restarting_one_is_waited_for()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var dying = await Upstream.StartAsync(http =>
        {
            http.Abort();
            return Task.CompletedTask;
        });
        host.Gateway.Publish(host.Route(dying.Revision, dying.Address));
        using var client = host.Client();
        using var dead = await client.PostAsync(new Uri("runs/wait", UriKind.Relative), new StringContent("{}"), Cancel);
        Assert.Equal(HttpStatusCode.BadGateway, dead.StatusCode);
        Assert.StartsWith("{\"detail\":", await dead.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);

        var port = FreePort.Take();
        host.Gateway.Publish(host.Route(Core.RevisionId.New(), new Uri($"http://127.0.0.1:{port}")));
        var asked = client.PostAsync(new Uri("runs/wait", UriKind.Relative), new StringContent("{}"), Cancel);
        await Eventually.TrueAsync(() => host.Waiting == 1);
        Assert.False(asked.IsCompleted);
        await using var back = await Upstream.StartAsync(http => http.Response.WriteAsync("back"), port);
        using var answer = await asked;
        Assert.Equal("back", await answer.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Callers_wait_for_the_first_replica_that_is_ready()
    {
        await using var upstream = await Upstream.SayingAsync("ready");
        await using var host = await GatewayHost.StartAsync();
        host.Gateway.Publish(host.Route(upstream.Revision));
        var asked = host.Client().GetStringAsync(new Uri("ok", UriKind.Relative), Cancel);
        await Eventually.TrueAsync(() => host.Waiting == 1);
        Assert.False(asked.IsCompleted);

        host.Gateway.Publish(host.Route(upstream.Revision, upstream.Address));

        Assert.Equal("ready", await asked);
    }
}
