using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Outgoing;
using Xunit;

namespace Pilothouse.Control.Tests.Outgoing;

/// <summary>T15 of the lessons: no spelling of an address reaches what is not public.</summary>
public sealed class OutgoingHttpTests : IAsyncLifetime
{
    private readonly WebApplication _app;
    private int _requests;
    private Uri _address = null!;

    public OutgoingHttpTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    public async ValueTask InitializeAsync()
    {
        await _app.StartAsync(ControlHost.Cancel);
        _address = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.1.2.3")]
    [InlineData("127.1")]
    [InlineData("127.0.1")]
    [InlineData("2130706433")]
    [InlineData("017700000001")]
    [InlineData("0x7f000001")]
    [InlineData("0x7f.0.0.1")]
    [InlineData("0177.0.0.1")]
    [InlineData("0x7f.1")]
    [InlineData("0")]
    [InlineData("0.0.0.0")]
    [InlineData("127.0.0.1.")]
    [InlineData("localhost")]
    [InlineData("localhost.")]
    [InlineData("LOCALHOST")]
    [InlineData("[::1]")]
    [InlineData("[::]")]
    [InlineData("[0:0:0:0:0:0:0:1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("[::ffff:7f00:1]")]
    [InlineData("[::127.0.0.1]")]
    [InlineData("[64:ff9b::7f00:1]")]
    [InlineData("[2002:7f00:1::]")]
    [InlineData("[fe80::1%25lo]")]
    [InlineData("①②⑦.⓪.⓪.①")]
    [InlineData("user@127.0.0.1")]
    [InlineData("example.com@127.0.0.1")]
    public async Task No_spelling_of_this_machine_is_reached(string host)
    {
        using var http = Http();

        var refused = await RefusalAsync(http, $"http://{host}:{_address.Port}/");

        Assert.Equal(0, Volatile.Read(ref _requests));
        Assert.NotNull(refused);
    }

    [Theory]
    [InlineData("0.1.2.3", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("10.255.255.255", false)]
    [InlineData("11.0.0.1", true)]
    [InlineData("100.63.255.255", true)]
    [InlineData("100.64.0.1", false)]
    [InlineData("100.127.255.255", false)]
    [InlineData("100.128.0.1", true)]
    [InlineData("127.255.255.255", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("169.253.1.1", true)]
    [InlineData("172.15.255.255", true)]
    [InlineData("172.16.0.1", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("172.32.0.1", true)]
    [InlineData("192.0.0.8", false)]
    [InlineData("192.0.2.1", false)]
    [InlineData("192.88.99.1", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("192.169.1.1", true)]
    [InlineData("198.18.0.1", false)]
    [InlineData("198.19.255.255", false)]
    [InlineData("198.51.100.7", false)]
    [InlineData("203.0.113.7", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("239.255.255.255", false)]
    [InlineData("240.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("8.8.8.8", true)]
    [InlineData("140.82.112.3", true)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("::ffff:169.254.169.254", false)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("::8.8.8.8", false)]
    [InlineData("64:ff9b::a00:1", false)]
    [InlineData("64:ff9b:1::1", false)]
    [InlineData("100::1", false)]
    [InlineData("2001::1", false)]
    [InlineData("2001:20::1", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("2001:4860:4860::8888", true)]
    [InlineData("2002:a00:1::", false)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("3fff::1", false)]
    [InlineData("fc00::1", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fec0::1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("5f00::1", false)]
    public void Only_addresses_of_the_public_internet_are_public(string address, bool isPublic) =>
        Assert.Equal(isPublic, AddressRules.IsPublic(IPAddress.Parse(address)));

    [Fact]
    public async Task Name_that_resolves_anew_gains_nothing()
    {
        var asked = 0;
        using var http = Http(resolve: (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(asked++ == 0 ? "10.0.0.1" : "127.0.0.1")]));

        await RefusalAsync(http, $"http://flips.test:{_address.Port}/");
        await RefusalAsync(http, $"http://flips.test:{_address.Port}/");

        Assert.Equal(0, Volatile.Read(ref _requests));
    }

    [Fact]
    public async Task Blocked_and_absent_hosts_fail_with_the_same_words()
    {
        using var http = Http(resolve: (host, _) => Task.FromResult<IPAddress[]>(host == "blocked.test" ? [IPAddress.Loopback] : []));

        var blocked = await RefusalAsync(http, "http://blocked.test/");
        var absent = await RefusalAsync(http, "http://absent.test/");

        Assert.Equal(absent.Replace("absent", "blocked", StringComparison.Ordinal), blocked);
    }

    [Fact]
    public async Task Redirect_is_not_followed()
    {
        using var http = Http(new OutgoingOptions { AllowPrivateAddresses = true });

        using var answer = await http.Client.GetAsync(new Uri(_address, "/redirect"), ControlHost.Cancel);

        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Equal(1, Volatile.Read(ref _requests));
    }

    [Fact]
    public async Task Allowed_host_may_be_private_and_no_other()
    {
        HostResolver loopback = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]);
        using var http = Http(new OutgoingOptions { AllowedHosts = { "login.corp" } }, loopback);

        Assert.Equal("fine", await http.Client.GetStringAsync(new Uri($"http://login.corp:{_address.Port}/"), ControlHost.Cancel));
        await RefusalAsync(http, $"http://x.login.corp:{_address.Port}/");
        Assert.Equal(1, Volatile.Read(ref _requests));
    }

    [Theory]
    [InlineData("/large")]
    [InlineData("/endless")]
    [InlineData("/bomb")]
    public async Task Answer_beyond_the_limit_is_refused(string path)
    {
        using var http = Http(new OutgoingOptions { AllowPrivateAddresses = true, AnswerLimitBytes = 4096 });

        await Assert.ThrowsAsync<HttpRequestException>(() => http.Client.GetStringAsync(new Uri(_address, path), ControlHost.Cancel));
    }

    [Theory]
    [InlineData("https://login.corp/authorize", true)]
    [InlineData("https://login.corp:8443/authorize?tenant=1", true)]
    [InlineData("http://login.corp/authorize", false)]
    [InlineData("http://127.0.0.1/authorize", false)]
    [InlineData("javascript:alert(1)", false)]
    [InlineData("JavaScript://login.corp/%0aalert(1)", false)]
    [InlineData("data:text/html,x", false)]
    [InlineData("file:///etc/passwd", false)]
    [InlineData("unix:/var/run/x.sock", false)]
    [InlineData("gopher://login.corp/", false)]
    [InlineData("//login.corp/authorize", false)]
    [InlineData("/authorize", false)]
    [InlineData("https:///authorize", false)]
    [InlineData("https://", false)]
    [InlineData("https://user@login.corp/", false)]
    [InlineData("https://user:word@login.corp/", false)]
    [InlineData("https://@login.corp/", false)]
    [InlineData("https://login.corp/#fragment", false)]
    [InlineData("https://login.corp/#", false)]
    [InlineData("https://login.corp\\@evil.test/", false)]
    [InlineData("https://login.corp/a b", false)]
    [InlineData("https://login.corp/\n", false)]
    [InlineData(" https://login.corp/", false)]
    [InlineData("https://lögin.corp/", false)]
    [InlineData("", false)]
    public void Address_is_https_and_plain(string text, bool isGood)
    {
        var address = new OutgoingAddress(Options.Create(new OutgoingOptions()));

        Assert.Equal(isGood, address.FaultOf(text) is null);
    }

    [Theory]
    [InlineData("http://127.0.0.1:9000/token", true)]
    [InlineData("http://localhost/token", true)]
    [InlineData("http://[::1]:1/token", true)]
    [InlineData("http://10.0.0.1/token", false)]
    [InlineData("http://login.corp/token", false)]
    [InlineData("http://127.0.0.1.evil.test/token", false)]
    public void Plain_http_is_for_loopback_where_private_addresses_are_allowed(string text, bool isGood)
    {
        var address = new OutgoingAddress(Options.Create(new OutgoingOptions { AllowPrivateAddresses = true }));

        Assert.Equal(isGood, address.FaultOf(text) is null);
    }

    private static OutgoingHttp Http(OutgoingOptions? options = null, HostResolver? resolve = null) =>
        new(Options.Create(options ?? new OutgoingOptions()), resolve ?? Dns.GetHostAddressesAsync);

    private static async Task<string> RefusalAsync(OutgoingHttp http, string url)
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => http.Client.GetStringAsync(url, ControlHost.Cancel));
        Assert.True(refused is HttpRequestException or UriFormatException, refused.ToString());
        return refused.Message;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Interlocked.Increment(ref _requests);
        if (context.Request.Path == "/redirect") context.Response.Redirect("/elsewhere");
        else if (context.Request.Path == "/large") await context.Response.WriteAsync(new string('x', 5000), Encoding.ASCII, context.RequestAborted);
        else if (context.Request.Path == "/bomb") context.Response.Headers["X-Large"] = new string('x', 100_000);
        else if (context.Request.Path == "/endless")
        {
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.WriteAsync(new string('x', 1000), Encoding.ASCII, context.RequestAborted);
        }
        else await context.Response.WriteAsync("fine", context.RequestAborted);
    }
}
