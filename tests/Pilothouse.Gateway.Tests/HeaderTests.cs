using System.Net;
using Pilothouse.Gateway.Tests.World;
using Xunit;

namespace Pilothouse.Gateway.Tests;

/// <summary>Which headers of a caller an agent sees.</summary>
public sealed class HeaderTests : IAsyncLifetime
{
    private GatewayHost? _host;
    private Upstream? _upstream;

    private GatewayHost Host => _host ?? throw new InvalidOperationException("The test has not begun.");

    private Upstream Agent => _upstream ?? throw new InvalidOperationException("The test has not begun.");

    private static CancellationToken Cancel => GatewayHost.Cancel;

    public async ValueTask InitializeAsync()
    {
        _host = await GatewayHost.StartAsync(("Gateway:Domain", "agents.example"));
        _upstream = await Upstream.StartAsync(http =>
        {
            http.Response.Headers.KeepAlive = "timeout=5";
            http.Response.Headers["X-Pilothouse-Revision"] = "somebody else";
            return Task.CompletedTask;
        });
        Host.Gateway.Publish(Host.Route(Agent.Revision, Agent.Address));
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Agent.DisposeAsync();
    }

    [Theory]
    [InlineData("x", "/lgp/echo-1234/threads")]
    [InlineData("echo-1234.agents.example", "/threads")]
    public async Task Where_a_request_came_from_is_what_the_gateway_sees(string name, string path)
    {
        string[] claims =
        [
            "X-Forwarded-For: 203.0.113.7", "x-forwarded-for: 203.0.113.8", "X-Forwarded-Prefix: /evil", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: evil",
            "X-Forwarded-Port: 666", "Forwarded: for=203.0.113.7;host=evil.example", "X-Real-IP: 203.0.113.7", "True-Client-IP: 203.0.113.7",
            "X-Original-For: 203.0.113.7",
        ];

        await GetAsync(path, [.. claims, "X-Own: kept", "X-Forwarded-User: the proxy's own"], name);

        var arrived = Assert.Single(Agent.Seen).Headers;
        Assert.Equal(("127.0.0.1", name, "http"), (arrived["X-Forwarded-For"], arrived["X-Forwarded-Host"], arrived["X-Forwarded-Proto"]));
        Assert.Equal(name == "x" ? "/lgp/echo-1234" : null, arrived.GetValueOrDefault("X-Forwarded-Prefix"));
        Assert.Equal(("kept", "the proxy's own"), (arrived["X-Own"], arrived["X-Forwarded-User"]));
        Assert.DoesNotContain(arrived.Values, value => value.Contains("203.0.113", StringComparison.Ordinal) || value.Contains("evil", StringComparison.Ordinal) || value == "666");
    }

    [Theory]
    [InlineData("Connection: close, X-Api-Key")]
    [InlineData("Connection: close, Authorization")]
    [InlineData("Connection: close, X-Forwarded-For, X-Forwarded-Host, Host")]
    [InlineData("Connection: close, Content-Type, no token!, ,")]
    [InlineData("Connection: X-Api-Key, Content-Type, Host, X-Forwarded-For, no token!, ,\r\nConnection: close")]
    public async Task Naming_headers_of_ours_in_connection_changes_nothing_of_them(string connection)
    {
        var refused = await Host.RawAsync($"GET /lgp/echo-1234/ HTTP/1.1\r\nHost: x\r\n{connection}\r\n\r\n");
        var answer = await GetAsync("/lgp/echo-1234/", [connection, "X-Forwarded-For: 203.0.113.7"]);

        Assert.StartsWith("HTTP/1.1 401", refused, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        var arrived = Assert.Single(Agent.Seen).Headers;
        Assert.Equal(("127.0.0.1", "x"), (arrived["X-Forwarded-For"], arrived["X-Forwarded-Host"]));
        Assert.DoesNotContain(arrived.Values, value => value.Contains(GatewayHost.Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Headers_of_one_connection_only_go_no_further()
    {
        using var client = Host.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("ok", UriKind.Relative));
        request.Headers.Connection.Add("X-Hop");
        foreach (var (name, value) in new[] { ("X-Hop", "1"), ("X-Other", "2"), ("Keep-Alive", "5"), ("Proxy-Authorization", "secret"), ("Proxy-Connection", "keep-alive") })
            request.Headers.TryAddWithoutValidation(name, value);

        using var answer = await client.SendAsync(request, Cancel);

        var arrived = Assert.Single(Agent.Seen).Headers;
        Assert.All<string>(["Connection", "X-Hop", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization"], name => Assert.False(arrived.ContainsKey(name), name));
        Assert.Equal("2", arrived["X-Other"]);
        Assert.False(answer.Headers.Contains("Keep-Alive"));
    }

    [Fact]
    public async Task The_key_stays_outside_also_where_it_is_said_twice_and_an_authorization_of_the_agents_goes_in()
    {
        await GetAsync("/lgp/echo-1234/twice", [$"Authorization: Bearer {GatewayHost.Key}"]);
        await GetAsync("/lgp/echo-1234/own", ["Authorization: Bearer the-agents-own"]);

        Assert.False(Agent.Seen.Single(seen => seen.Target == "/twice").Headers.ContainsKey("Authorization"));
        Assert.Equal("Bearer the-agents-own", Agent.Seen.Single(seen => seen.Target == "/own").Headers["Authorization"]);
        Assert.All(Agent.Seen, seen => Assert.False(seen.Headers.ContainsKey("X-Api-Key")));
    }

    [Fact]
    public async Task A_key_in_the_address_or_the_page_before_is_none()
    {
        using var client = Host.Client(key: null);
        client.DefaultRequestHeaders.Referrer = new Uri($"https://x.example/?x-api-key={GatewayHost.Key}");

        using var answer = await client.GetAsync(new Uri($"ok?x-api-key={GatewayHost.Key}&api_key={GatewayHost.Key}", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Empty(Agent.Seen);
    }

    [Fact]
    public async Task Trace_of_the_caller_reaches_the_agent_untouched()
    {
        const string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

        await GetAsync("/lgp/echo-1234/threads", [$"traceparent: {trace}", "tracestate: vendor=1", "baggage: user=7"]);
        await GetAsync("/lgp/echo-1234/untraced", []);

        var headers = Agent.Seen.Single(seen => seen.Target == "/threads").Headers;
        Assert.Equal((trace, "vendor=1", "user=7"), (headers["traceparent"], headers["tracestate"], headers["baggage"]));
        Assert.False(Agent.Seen.Single(seen => seen.Target == "/untraced").Headers.ContainsKey("traceparent"));
    }

    [Fact]
    public async Task An_agents_claim_to_be_another_revision_is_replaced()
    {
        using var answer = await Host.Client().GetAsync(new Uri("ok", UriKind.Relative), Cancel);

        Assert.Equal([$"{Agent.Revision}"], answer.Headers.GetValues("X-Pilothouse-Revision"));
    }

    private Task<string> GetAsync(string path, string[] headers, string name = "x") =>
        Host.RawAsync($"GET {path} HTTP/1.1\r\nHost: {name}\r\nX-Api-Key: {GatewayHost.Key}\r\n{string.Join("\r\n", headers)}\r\n"
            + (headers.Any(header => header.StartsWith("Connection", StringComparison.Ordinal)) ? "\r\n" : "Connection: close\r\n\r\n"));
}
