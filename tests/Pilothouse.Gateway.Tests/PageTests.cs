using System.Net;
using Pilothouse.Core;
using Pilothouse.Gateway.Tests.World;
using Xunit;

namespace Pilothouse.Gateway.Tests;

/// <summary>Pages in browsers as callers (Fetch standard, CORS).</summary>
public sealed class PageTests
{
    private const string Origin = "https://studio.example";

    private static CancellationToken Cancel => GatewayHost.Cancel;

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized)]
    [InlineData(HttpStatusCode.Forbidden)]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(HttpStatusCode.BadGateway)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    public async Task A_page_may_read_every_error_of_the_gateways_own(HttpStatusCode status)
    {
        await using var dying = await Upstream.StartAsync(http =>
        {
            http.Abort();
            return Task.CompletedTask;
        });
        await using var host = await GatewayHost.StartAsync(("Forwarding:RestartLimit", "00:00:00"), ("Forwarding:MaxBodyBytes", "10"));
        if (status != HttpStatusCode.NotFound)
            host.Gateway.Publish(host.Route(dying.Revision, status == HttpStatusCode.ServiceUnavailable ? [] : [dying.Address]));
        using var client = host.Client(status switch
        {
            HttpStatusCode.Unauthorized => null,
            HttpStatusCode.Forbidden => "lsv2_sk_of_somebody_else",
            _ => GatewayHost.Key,
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("runs", UriKind.Relative)) { Content = new ByteArrayContent(new byte[status == HttpStatusCode.RequestEntityTooLarge ? 11 : 10]) };
        request.Headers.Add("Origin", Origin);

        using var answer = await client.SendAsync(request, Cancel);

        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(["*"], answer.Headers.GetValues("Access-Control-Allow-Origin"));
        Assert.Contains("X-Pilothouse-Revision", answer.Headers.GetValues("Access-Control-Expose-Headers").Single(), StringComparison.Ordinal);
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"));
        Assert.Equal(status != HttpStatusCode.NotFound, answer.Headers.Contains("X-Pilothouse-Revision"));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(500)]
    public async Task Which_pages_may_read_an_agents_answers_is_the_agents_to_say(int status)
    {
        await using var upstream = await Upstream.StartAsync(http =>
        {
            http.Response.StatusCode = status;
            if (http.Request.Path == "/none") return Task.CompletedTask;
            http.Response.Headers.AccessControlAllowOrigin = Origin;
            http.Response.Headers.AccessControlAllowCredentials = "true";
            http.Response.Headers.AccessControlExposeHeaders = "Content-Location";
            return Task.CompletedTask;
        });
        await using var host = await GatewayHost.StartAsync();
        host.Gateway.Publish(host.Route(upstream.Revision, upstream.Address));
        using var client = host.Client();
        client.DefaultRequestHeaders.Add("Origin", Origin);

        using var some = await client.GetAsync(new Uri("some", UriKind.Relative), Cancel);
        using var none = await client.GetAsync(new Uri("none", UriKind.Relative), Cancel);

        Assert.Equal(
            ["Access-Control-Allow-Credentials: true", $"Access-Control-Allow-Origin: {Origin}", "Access-Control-Expose-Headers: Content-Location"],
            some.Headers.Where(header => header.Key.StartsWith("Access-Control-", StringComparison.Ordinal))
                .SelectMany(header => header.Value.Select(value => $"{header.Key}: {value}")).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(none.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_preflight_reaches_the_agent_without_a_key_and_takes_none_along()
    {
        await using var upstream = await Upstream.StartAsync(http =>
        {
            http.Response.Headers.AccessControlAllowOrigin = Origin;
            return Task.CompletedTask;
        });
        await using var host = await GatewayHost.StartAsync();
        host.Gateway.Publish(host.Route(upstream.Revision, upstream.Address));

        using var bare = await PreflightAsync(host, key: null);
        using var odd = await PreflightAsync(host, GatewayHost.Key);
        using var plain = await host.Client(key: null).SendAsync(new HttpRequestMessage(HttpMethod.Options, new Uri("runs", UriKind.Relative)), Cancel);

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Unauthorized], [bare.StatusCode, odd.StatusCode, plain.StatusCode]);
        Assert.Equal([Origin], bare.Headers.GetValues("Access-Control-Allow-Origin"));
        Assert.Equal(2, upstream.Seen.Count);
        Assert.All(upstream.Seen, seen => Assert.False(seen.Headers.ContainsKey("X-Api-Key")));
    }

    [Fact]
    public async Task Where_no_agent_answers_preflights_let_the_page_ask_and_read_why()
    {
        await using var host = await GatewayHost.StartAsync(("Forwarding:RestartLimit", "00:00:00"));
        using var unknown = await PreflightAsync(host, key: null);
        host.Gateway.Publish(host.Route(RevisionId.New()));
        using var notReady = await PreflightAsync(host, key: null);
        host.Gateway.Publish(host.Route(RevisionId.New()) with { RequiresKey = false });
        using var ownAuth = await PreflightAsync(host, key: null);

        foreach (var answer in new[] { unknown, notReady })
        {
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
            Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
            Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Methods").Single());
            Assert.Equal("*, Authorization", answer.Headers.GetValues("Access-Control-Allow-Headers").Single());
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ownAuth.StatusCode);
        Assert.False(ownAuth.Headers.Contains("Access-Control-Allow-Methods"));
    }

    private static async Task<HttpResponseMessage> PreflightAsync(GatewayHost host, string? key)
    {
        using var client = host.Client(key);
        using var request = new HttpRequestMessage(HttpMethod.Options, new Uri("runs/stream", UriKind.Relative));
        request.Headers.Add("Origin", Origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "x-api-key");
        return await client.SendAsync(request, Cancel);
    }
}
