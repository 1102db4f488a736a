using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Pilothouse.Gateway.Tests.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Gateway.Tests;

/// <summary>Sides that go away in the middle, or do not keep to their turn.</summary>
public sealed class BreakOffTests : IAsyncLifetime
{
    private GatewayHost? _host;

    private GatewayHost Host => _host ?? throw new InvalidOperationException("The test has not begun.");

    private static CancellationToken Cancel => GatewayHost.Cancel;

    public async ValueTask InitializeAsync() => _host = await GatewayHost.StartAsync();

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")]
    public async Task An_answer_that_breaks_off_is_seen_as_cut(string said)
    {
        await using var agent = RawUpstream.Start(said);
        Host.Gateway.Publish(Host.Route(Core.RevisionId.New(), agent.Address));

        await Assert.ThrowsAsync<HttpRequestException>(() => Host.Client().GetStringAsync(new Uri("runs", UriKind.Relative), Cancel));
        await Eventually.TrueAsync(() => Host.Gateway.UnderWay(Host.Deployment).Count == 0);
    }

    [Fact]
    public async Task A_stream_whose_agent_dies_is_cut_after_the_events_it_sent()
    {
        var die = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var agent = await Upstream.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync("data: first\n\n");
            await http.Response.Body.FlushAsync();
            await die.Task;
            http.Abort();
        });
        Host.Gateway.Publish(Host.Route(agent.Revision, agent.Address));

        using var answer = await Host.Client().GetAsync(new Uri("stream", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Cancel);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancel));
        Assert.Equal("data: first", await reader.ReadLineAsync(Cancel));
        die.SetResult();

        await Assert.ThrowsAnyAsync<IOException>(() => reader.ReadToEndAsync(Cancel));
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    [InlineData("this is not HTTP\r\n\r\n")]
    public async Task An_agent_that_breaks_off_before_its_answer_is_502_and_is_not_asked_twice(string said)
    {
        await using var agent = RawUpstream.Start(said);
        var route = Host.Route(Core.RevisionId.New(), agent.Address);
        Host.Gateway.Publish(route);

        using var answer = await Host.Client().PostAsync(new Uri("runs", UriKind.Relative), new StringContent("{}"), Cancel);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal([$"{route.Revision}"], answer.Headers.GetValues("X-Pilothouse-Revision"));
        Assert.Equal(1, agent.Requests);
    }

    [Fact]
    public async Task An_answer_that_began_before_the_body_ended_arrives_whole()
    {
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var agent = await Upstream.StartAsync(async http =>
        {
            await http.Response.WriteAsync("early ");
            await http.Response.Body.FlushAsync();
            began.SetResult();
            using var body = new StreamReader(http.Request.Body);
            await http.Response.WriteAsync(await body.ReadToEndAsync(Cancel));
        });
        Host.Gateway.Publish(Host.Route(agent.Revision, agent.Address));
        using var caller = await CallerAsync("POST /lgp/echo-1234/runs", "Content-Length: 6", "abc");

        await began.Task.WaitAsync(Eventually.Limit, Cancel);
        await caller.GetStream().WriteAsync("def"u8.ToArray(), Cancel);

        using var reader = new StreamReader(caller.GetStream());
        var answer = await reader.ReadToEndAsync(Cancel);
        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.Contains("early ", answer, StringComparison.Ordinal);
        Assert.Contains("abcdef", answer, StringComparison.Ordinal);
        Assert.EndsWith("0\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_that_refuses_a_large_body_before_it_came_is_heard()
    {
        await using var agent = RawUpstream.Start("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
        Host.Gateway.Publish(Host.Route(Core.RevisionId.New(), agent.Address));
        using var answer = await Host.Client().PostAsync(new Uri("runs", UriKind.Relative), new ByteArrayContent(new byte[20 << 20]), Cancel);
        Assert.Equal((HttpStatusCode.Unauthorized, "no"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel)));
    }

    [Theory]
    [InlineData("Content-Length: 1000000", "")]
    [InlineData("Transfer-Encoding: chunked", "8000\r\n")]
    public async Task A_caller_who_leaves_during_its_upload_is_felt_by_the_agent(string length, string chunk)
    {
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var agent = await Upstream.StartAsync(async http =>
        {
            var buffer = new byte[100];
            await http.Request.Body.ReadExactlyAsync(buffer.AsMemory(0, 3), Cancel);
            began.SetResult();
            try
            {
                while (await http.Request.Body.ReadAsync(buffer, Cancel) > 0)
                {
                }

                left.SetResult(false);
            }
            catch (Exception ended) when (ended is IOException or OperationCanceledException)
            {
                left.SetResult(true);
            }
        });
        Host.Gateway.Publish(Host.Route(agent.Revision, agent.Address));

        using (var caller = await CallerAsync("POST /lgp/echo-1234/runs", length, chunk + new string('a', 0x8000))) await began.Task.WaitAsync(Eventually.Limit, Cancel);

        Assert.True(await left.Task.WaitAsync(Eventually.Limit, Cancel), "The agent took a part for the whole.");
        await Eventually.TrueAsync(() => Host.Gateway.UnderWay(Host.Deployment).Count == 0);
    }

    [Fact]
    public async Task A_body_that_turns_out_too_large_is_413_and_its_agent_gets_no_whole_one()
    {
        var isWhole = false;
        await using var agent = await Upstream.StartAsync(async http =>
        {
            await http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted);
            isWhole = true;
        });
        await using var host = await GatewayHost.StartAsync(("Forwarding:MaxBodyBytes", "100000"));
        host.Gateway.Publish(host.Route(agent.Revision, agent.Address));
        var chunks = string.Concat(Enumerable.Repeat("4e20\r\n" + new string('x', 0x4e20) + "\r\n", 6));

        var answer = await host.RawAsync(
            $"POST /lgp/echo-1234/runs HTTP/1.1\r\nHost: x\r\nX-Api-Key: {GatewayHost.Key}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 413", answer, StringComparison.Ordinal);
        Assert.Contains("Access-Control-Allow-Origin: *", answer, StringComparison.Ordinal);
        Assert.Contains("{\"detail\":", answer, StringComparison.Ordinal);
        Assert.False(isWhole);
    }

    [Fact]
    public async Task A_caller_who_leaves_before_the_answer_is_felt_by_the_agent()
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var agent = await Upstream.StartAsync(async http =>
        {
            http.RequestAborted.Register(() => left.TrySetResult());
            await left.Task;
        });
        Host.Gateway.Publish(Host.Route(agent.Revision, agent.Address));

        using (await CallerAsync("GET /lgp/echo-1234/runs", "X: 1", "")) await Eventually.TrueAsync(() => agent.Seen.Count == 1);

        await left.Task.WaitAsync(Eventually.Limit, Cancel);
        await Eventually.TrueAsync(() => Host.Gateway.UnderWay(Host.Deployment).Count == 0);
    }

    private async Task<TcpClient> CallerAsync(string line, string header, string body)
    {
        var caller = new TcpClient();
        await caller.ConnectAsync(IPAddress.Loopback, Host.Address.Port, Cancel);
        await caller.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"{line} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {GatewayHost.Key}\r\nConnection: close\r\n{header}\r\n\r\n{body}"), Cancel);
        return caller;
    }
}
