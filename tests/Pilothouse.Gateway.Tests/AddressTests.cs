using Microsoft.Extensions.Options;
using Pilothouse.Gateway.Tests.World;
using Xunit;

namespace Pilothouse.Gateway.Tests;

/// <summary>Which requests are an agent's.</summary>
public sealed class AddressTests : IAsyncLifetime
{
    private GatewayHost? _host;
    private Upstream? _upstream;

    private GatewayHost Host => _host ?? throw new InvalidOperationException("The test has not begun.");

    private Upstream Agent => _upstream ?? throw new InvalidOperationException("The test has not begun.");

    public async ValueTask InitializeAsync()
    {
        _host = await GatewayHost.StartAsync(("Gateway:Domain", "Agents.example.com:8443"), ("Gateway:PublicUrl", "https://control.agents.example.com/"));
        _upstream = await Upstream.StartAsync(http => http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted));
        Host.Gateway.Publish(Host.Route(Agent.Revision, Agent.Address) with { RequiresKey = false });
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Agent.DisposeAsync();
    }

    [Theory]
    [InlineData("x", "/")]
    [InlineData("x", "/lgp")]
    [InlineData("x", "/lgpx/echo-1234/ok")]
    [InlineData("x", "/lgp/echo-1234/../../v2/deployments")]
    [InlineData("agents.example.com", "/")]
    [InlineData("a.echo-1234.agents.example.com", "/")]
    [InlineData("control.agents.example.com", "/")]
    [InlineData("Control.Agents.example.com.:8787", "/v2/deployments")]
    [InlineData("echo-1234.agents.example.com.evil.example", "/")]
    [InlineData("echo-1234agents.example.com", "/")]
    public async Task What_is_no_agents_goes_on_to_the_control_plane(string name, string path)
    {
        Assert.Contains("not for the gateway", await GetAsync(name, path), StringComparison.Ordinal);

        Assert.Empty(Agent.Seen);
    }

    [Theory]
    [InlineData("echo-1234.agents.example.com", "/threads/1?q=2", "/threads/1?q=2")]
    [InlineData("ECHO-1234.Agents.Example.COM:8787", "/", "/")]
    [InlineData("echo-1234.agents.example.com.", "/ok", "/ok")]
    [InlineData("echo-1234.agents.example.com.:81", "/ok", "/ok")]
    [InlineData("echo-1234.agents.example.com", "/lgp/other/ok", "/lgp/other/ok")]
    [InlineData("echo-1234.agents.example.com", "/lgp/echo-1234/ok", "/lgp/echo-1234/ok")]
    [InlineData("control.agents.example.com", "/lgp/echo-1234/ok", "/ok")]
    [InlineData("x", "/lgp/Echo-1234/ok", "/ok")]
    [InlineData("x", "/lgp/echo-1234", "/")]
    [InlineData("x", "/lgp/echo-1234?x=1", "/?x=1")]
    [InlineData("x", "/lgp/echo%2D1234/ok", "/ok")]
    [InlineData("x", "/other/../lgp/echo-1234/./ok", "/ok")]
    [InlineData("somewhere", "http://somewhere/lgp/echo-1234/%6Fk?x", "/ok?x")]
    public async Task What_is_an_agents_reaches_it(string name, string path, string arrives)
    {
        Assert.StartsWith("HTTP/1.1 200", await GetAsync(name, path), StringComparison.Ordinal);

        Assert.Equal([arrives], Agent.Seen.Select(seen => seen.Target));
    }

    [Theory]
    [InlineData("x", "/lgp/echo-0000/ok")]
    [InlineData("x", "/lgp/")]
    [InlineData("x", "/lgp/..%2fecho-1234/ok")]
    [InlineData("echo-0000.agents.example.com", "/v2/deployments")]
    [InlineData("echo-0000.agents.example.com", "/lgp/echo-1234/ok")]
    public async Task An_unknown_label_is_not_found(string name, string path)
    {
        var answer = await GetAsync(name, path);

        Assert.StartsWith("HTTP/1.1 404", answer, StringComparison.Ordinal);
        Assert.Contains("""{"detail":"There is no agent at this address."}""", answer, StringComparison.Ordinal);
        Assert.Empty(Agent.Seen);
    }

    [Theory]
    [InlineData("/.pilothouse/busy")]
    [InlineData("/./.pilothouse/busy")]
    [InlineData("/x/%2e%2e/.pilothouse/busy")]
    [InlineData("/%25252epilothouse/busy")]
    [InlineData("/\\.pilothouse/busy")]
    [InlineData("/.pilothouse%00/busy")]
    [InlineData("/.pilothouse;x=1/busy")]
    public async Task Our_own_folder_is_closed_to_callers_of_both_kinds(string rest)
    {
        Assert.Matches("^HTTP/1.1 (404|400) ", await GetAsync("x", $"/lgp/echo-1234{rest}"));
        Assert.Matches("^HTTP/1.1 (404|400) ", await GetAsync("echo-1234.agents.example.com", rest));

        Assert.Empty(Agent.Seen);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nConnection: Content-Length\r\nContent-Length: 4\r\n\r\nabcd")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nConnection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n folded\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX A: 1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a/b@c\r\n\r\n")]
    public async Task Requests_that_two_servers_could_read_differently_reach_no_agent_as_two(string request)
    {
        var answer = await Host.RawAsync(request
            .Replace(" / HTTP", " /lgp/echo-1234/ HTTP", StringComparison.Ordinal)
            .Replace("\r\nHost: ", "\r\nConnection: close\r\nHost: ", StringComparison.Ordinal) + "GET /lgp/echo-1234/smuggled HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Matches("^HTTP/1.1 (400|200|501) ", answer);
        Assert.DoesNotContain(Agent.Seen, seen => seen.Target.Contains("smuggled", StringComparison.Ordinal));
        Assert.True(Agent.Seen.Count <= 1);
    }

    [Theory]
    [InlineData("Gateway:Domain", "https://agents.corp")]
    [InlineData("Gateway:Domain", "agents.corp/")]
    [InlineData("Gateway:Domain", "agents corp")]
    [InlineData("Gateway:Domain", " agents.corp")]
    [InlineData("Gateway:Domain", "agents.corp:0")]
    [InlineData("Gateway:Domain", "agents.corp:65536")]
    [InlineData("Gateway:Domain", "agents.corp:http")]
    [InlineData("Gateway:Domain", "agents.corp:")]
    [InlineData("Gateway:Domain", "agents.corp:1:2")]
    [InlineData("Gateway:Domain", "*.agents.corp")]
    [InlineData("Gateway:Domain", ".agents.corp")]
    [InlineData("Gateway:Domain", "agents..corp")]
    [InlineData("Gateway:Domain", "-agents.corp")]
    [InlineData("Gateway:Domain", "127.0.0.1")]
    [InlineData("Gateway:PublicUrl", "pilothouse.corp")]
    [InlineData("Gateway:PublicUrl", "ftp://pilothouse.corp")]
    [InlineData("Gateway:PublicUrl", "https://pilothouse.corp?x=1")]
    [InlineData("Gateway:PublicUrl", "https://somebody@pilothouse.corp")]
    [InlineData("Gateway:PublicUrl", "https://pilot house.corp")]
    public async Task A_wrong_address_stops_the_start_with_one_sentence_that_names_it(string key, string value)
    {
        var stopped = await Assert.ThrowsAsync<OptionsValidationException>(() => GatewayHost.StartAsync((key, value)));

        Assert.StartsWith($"{key} is '{value}': it must be ", Assert.Single(stopped.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Gateway:Domain", "localhost:8787")]
    [InlineData("Gateway:Domain", "a-1.agents.corp")]
    [InlineData("Gateway:Domain", "")]
    [InlineData("Gateway:PublicUrl", "http://127.0.0.1:8787")]
    [InlineData("Gateway:PublicUrl", "https://corp.example/pilothouse/")]
    [InlineData("Gateway:PublicUrl", "")]
    public async Task A_right_address_or_none_starts(string key, string value)
    {
        await using var host = await GatewayHost.StartAsync((key, value));

        using var answer = await host.Client().GetAsync(new Uri("/v2/deployments", UriKind.Relative), GatewayHost.Cancel);

        Assert.Equal("not for the gateway", await answer.Content.ReadAsStringAsync(GatewayHost.Cancel));
    }

    private Task<string> GetAsync(string name, string path) => Host.RawAsync($"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");
}
