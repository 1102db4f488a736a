using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Tokens;
using Pilothouse.Control.Access.Oidc;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Core.Routing;
using Xunit;

namespace Pilothouse.Control.Tests.Access;

public sealed class TokenTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private FakeIssuer _issuer = null!;
    private ControlHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _issuer = await FakeIssuer.StartAsync();
        _host = await StartAsync(new() { ["Access:Oidc:DefaultRole"] = "editor" });
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _issuer.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(SecurityAlgorithms.RsaSha256)]
    [InlineData(SecurityAlgorithms.RsaSsaPssSha512)]
    [InlineData(SecurityAlgorithms.EcdsaSha256)]
    public async Task Good_token_makes_its_user_once_with_the_default_role(string algorithm)
    {
        if (algorithm is SecurityAlgorithms.EcdsaSha256) _issuer.Rotate(FakeIssuer.NewEcdsa("curve"));

        var me = await MeAsync(_issuer.Token("ann", algorithm));
        var again = await MeAsync(_issuer.Token("ann", algorithm));
        var gateway = await _host.Services.GetRequiredService<ICallerCheck>().MayCallAsync(await _host.WorkspaceAsync(), _issuer.Token("ann", algorithm), ControlHost.Cancel);

        Assert.Equal(("editor", "ann@corp.example", null), (me.Expect(HttpStatusCode.OK).Text_("role"), me.Text_("name"), me.Text_("api_key_id")));
        Assert.Equal(me.Text_("user_id"), again.Text_("user_id"));
        Assert.True(gateway);
        Assert.Equal(1, await _host.WithDbAsync(db => db.Users.CountAsync(ControlHost.Cancel)));
    }

    [Theory]
    [InlineData("expired", "it has expired, or is not valid yet")]
    [InlineData("not yet", "it has expired, or is not valid yet")]
    [InlineData("audience", "it is meant for somebody else")]
    [InlineData("issuer", "it is of another issuer")]
    [InlineData("kid", "its issuer has no such key")]
    [InlineData("key", "its signature does not fit")]
    [InlineData("none", "its signature is not RS, PS or ES")]
    [InlineData("HS256", "its signature is not RS, PS or ES")]
    [InlineData("cut", "its signature does not fit")]
    [InlineData("nonsense", "it is none")]
    public async Task Bad_token_is_401_and_makes_nobody(string fault, string why)
    {
        var good = _issuer.Token("eve");
        var token = fault switch
        {
            "expired" => _issuer.Token("eve", expires: TimeSpan.FromSeconds(-61), from: TimeSpan.FromHours(-1)),
            "not yet" => _issuer.Token("eve", from: TimeSpan.FromSeconds(120)),
            "audience" => _issuer.Token("eve", audience: "somebody"),
            "issuer" => _issuer.Token("eve", issuer: "https://evil.example"),
            "kid" => _issuer.Token("eve", key: FakeIssuer.NewRsa("unknown")),
            "key" => _issuer.Token("eve", key: FakeIssuer.NewRsa("first")),
            "none" => FakeIssuer.Forge(good, """{"alg":"none","typ":"JWT"}""", _ => []),
            "HS256" => FakeIssuer.Forge(good, """{"alg":"HS256","typ":"JWT","kid":"first"}""", text => HMACSHA256.HashData(_issuer.PublicKeyPem(), text)),
            "cut" => good[..^20],
            _ => "a.b.c",
        };

        var reply = await MeAsync(token);

        Assert.Equal((HttpStatusCode.Unauthorized, $"Invalid bearer token: {why}."), (reply.Status, reply.Detail));
        Assert.Equal(0, await _host.WithDbAsync(db => db.Users.CountAsync(ControlHost.Cancel)));
    }

    [Fact]
    public async Task Clocks_may_differ_by_a_minute()
    {
        (await MeAsync(_issuer.Token("ann", expires: TimeSpan.FromSeconds(-40), from: TimeSpan.FromHours(-1)))).Expect(HttpStatusCode.OK);
        (await MeAsync(_issuer.Token("ann", from: TimeSpan.FromSeconds(40)))).Expect(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Rotated_key_is_found_with_its_first_token_and_the_old_one_is_not_taken_any_more()
    {
        var before = _issuer.Token("ann", expires: TimeSpan.FromHours(1));
        (await MeAsync(before)).Expect(HttpStatusCode.OK);
        _issuer.Rotate(FakeIssuer.NewRsa("second"));
        _clock.Advance(IssuerKeys.Pause);

        (await MeAsync(_issuer.Token("ann"))).Expect(HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.Unauthorized, (await MeAsync(before)).Status);
    }

    [Fact]
    public async Task Strange_key_ids_do_not_hammer_the_issuer_and_its_absence_stops_only_those()
    {
        (await MeAsync(_issuer.Token("ann"))).Expect(HttpStatusCode.OK);
        _clock.Advance(IssuerKeys.Pause);
        var before = _issuer.Fetches;
        for (var number = 0; number < 20; number++) Assert.Equal(HttpStatusCode.Unauthorized, (await MeAsync(_issuer.Token("eve", key: FakeIssuer.NewRsa($"k{number}")))).Status);
        var asked = _issuer.Fetches - before;
        _issuer.IsAway = true;
        _clock.Advance(TimeSpan.FromHours(2));

        (await MeAsync(_issuer.Token("ann", expires: TimeSpan.FromHours(3)))).Expect(HttpStatusCode.OK);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task Issuer_that_never_answered_is_503_and_keys_go_on_working()
    {
        _issuer.IsAway = true;

        var token = await MeAsync(_issuer.Token("ann"));
        var key = await MeAsync(_host.NewKey!);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, token.Status);
        key.Expect(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Shared_secret_among_the_issuers_keys_signs_nothing()
    {
        var secret = RandomNumberGenerator.GetBytes(64);
        _issuer.Others = [new JsonWebKey { Kty = "oct", Kid = "shared", K = Base64UrlEncoder.Encode(secret) }];
        var forged = FakeIssuer.Forge(_issuer.Token("eve"), """{"alg":"HS256","typ":"JWT","kid":"shared"}""", text => HMACSHA256.HashData(secret, text));

        Assert.Equal(HttpStatusCode.Unauthorized, (await MeAsync(forged)).Status);
    }

    [Fact]
    public async Task Without_a_default_role_only_users_that_were_added_come_in_and_an_email_makes_nobody_them()
    {
        await using var host = await StartAsync([]);
        var root = new Api(host, host.Client(), await host.WorkspaceAsync());
        (await root.PostAsync("/v2/access/users", """{"email":"bob@corp.example"}""")).Expect(HttpStatusCode.Created);
        var added = await root.PostAsync("/v2/access/users", """{"email":"ann@corp.example","subject":"ann"}""");
        (await root.SendAsync(HttpMethod.Put, $"/v2/access/members/{added.Expect(HttpStatusCode.Created).Id}", """{"role":"viewer"}""")).Expect(HttpStatusCode.OK);

        var ann = await MeAsync(_issuer.Token("ann"), host);
        var bob = await MeAsync(_issuer.Token("bob"), host);
        (await root.SendAsync(HttpMethod.Patch, $"/v2/access/users/{added.Id}", """{"is_disabled":true}""")).Expect(HttpStatusCode.OK);
        var disabled = await MeAsync(_issuer.Token("ann"), host);

        Assert.Equal("viewer", ann.Expect(HttpStatusCode.OK).Text_("role"));
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (bob.Status, disabled.Status));
        Assert.StartsWith("Nobody here has the identity", bob.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bearer_header_takes_keys_too_and_without_an_issuer_nothing_else()
    {
        await using var host = await ControlHost.StartAsync();

        (await MeAsync(host.NewKey!, host)).Expect(HttpStatusCode.OK);
        Assert.Equal((HttpStatusCode.Unauthorized, "Invalid API key: it is unknown, expired or revoked."), ((await MeAsync(_issuer.Token("ann"), host)).Status, (await MeAsync("a.b.c", host)).Detail));
    }

    [Theory]
    [InlineData("http://login.corp", "pilothouse", "Access:Oidc:Issuer")]
    [InlineData("login", "pilothouse", "Access:Oidc:Issuer")]
    [InlineData("https://login.corp", null, "Access:Oidc:Audience")]
    public async Task Settings_that_cannot_be_stop_the_start(string issuer, string? audience, string key)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => ControlHost.StartAsync(
            settings: new() { ["Access:Oidc:Issuer"] = issuer, ["Access:Oidc:Audience"] = audience }));

        Assert.Contains(key, refused.Message, StringComparison.Ordinal);
    }

    private Task<ControlHost> StartAsync(Dictionary<string, string?> settings)
    {
        settings["Access:Oidc:Issuer"] = _issuer.Url;
        settings["Access:Oidc:Audience"] = FakeIssuer.Audience;
        return ControlHost.StartAsync(settings, services: services => services.AddSingleton<TimeProvider>(_clock));
    }

    private async Task<Reply> MeAsync(string bearer, ControlHost? host = null)
    {
        using var client = (host ?? _host).Client(key: null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return await new Api(host ?? _host, client, default).GetAsync("/v2/access/me");
    }
}
