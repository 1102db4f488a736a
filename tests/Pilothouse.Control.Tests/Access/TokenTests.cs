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

/// <summary>An issuer, and a host that takes its tokens.</summary>
public sealed class TokenFixture : IAsyncLifetime
{
    internal FakeTimeProvider Clock { get; } = new(TimeProvider.System.GetUtcNow());

    internal FakeIssuer Issuer { get; private set; } = null!;

    internal ControlHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Issuer = await FakeIssuer.StartAsync(Clock);
        Host = await StartAsync(new() { ["Access:Oidc:DefaultRole"] = "editor" });
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Issuer.DisposeAsync();
    }

    internal Task<ControlHost> StartAsync(Dictionary<string, string?> settings)
    {
        settings["Access:Oidc:Issuer"] = Issuer.Url;
        settings["Access:Oidc:Audience"] = FakeIssuer.Audience;
        return ControlHost.StartAsync(settings, services: services => services.AddSingleton<TimeProvider>(Clock));
    }

    internal static async Task<Reply> MeAsync(string bearer, ControlHost host)
    {
        using var client = host.Client(key: null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return await new Api(host, client, default).GetAsync("/v2/access/me");
    }
}

/// <summary>Who comes in with which token.</summary>
public sealed class TokenTests(TokenFixture fixture) : IClassFixture<TokenFixture>
{
    private static readonly RsaSecurityKey s_stranger = FakeIssuer.NewRsa("stranger");
    private static readonly ECDsaSecurityKey s_curve = FakeIssuer.NewEcdsa("curve");

    private readonly FakeIssuer _issuer = fixture.Issuer;
    private readonly ControlHost _host = fixture.Host;

    [Theory]
    [InlineData(SecurityAlgorithms.RsaSha256)]
    [InlineData(SecurityAlgorithms.RsaSsaPssSha512)]
    [InlineData(SecurityAlgorithms.EcdsaSha256)]
    public async Task Good_token_makes_its_user_once_with_the_default_role(string algorithm)
    {
        var subject = $"ann-{algorithm}".ToLowerInvariant();
        if (algorithm is SecurityAlgorithms.EcdsaSha256) _issuer.Others = [FakeIssuer.Public(s_curve)];
        string Token() => _issuer.Token(subject, algorithm, key: algorithm is SecurityAlgorithms.EcdsaSha256 ? s_curve : null);
        fixture.Clock.Advance(IssuerKeys.Pause);

        var me = await MeAsync(Token());
        var again = await MeAsync(Token());
        var gateway = await _host.Services.GetRequiredService<ICallerCheck>().MayCallAsync(await _host.WorkspaceAsync(), Token(), ControlHost.Cancel);

        Assert.Equal(("editor", $"{subject}@corp.example", null), (me.Expect(HttpStatusCode.OK).Text_("role"), me.Text_("name"), me.Text_("api_key_id")));
        Assert.Equal(me.Text_("user_id"), again.Text_("user_id"));
        Assert.True(gateway);
        Assert.Equal(1, await UsersAsync(subject));
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
            "kid" => _issuer.Token("eve", key: FakeIssuer.Renamed(s_stranger, "unknown")),
            "key" => _issuer.Token("eve", key: FakeIssuer.Renamed(s_stranger, "first")),
            "none" => FakeIssuer.Forge(good, """{"alg":"none","typ":"JWT"}""", _ => []),
            "HS256" => FakeIssuer.Forge(good, """{"alg":"HS256","typ":"JWT","kid":"first"}""", text => HMACSHA256.HashData(_issuer.PublicKeyPem(), text)),
            "cut" => good[..^20],
            _ => "eya.b.c",
        };

        var reply = await MeAsync(token);

        Assert.Equal((HttpStatusCode.Unauthorized, $"Invalid bearer token: {why}."), (reply.Status, reply.Detail));
        Assert.Equal(0, await UsersAsync("eve"));
    }

    [Fact]
    public async Task Clocks_may_differ_by_a_minute()
    {
        (await MeAsync(_issuer.Token("ann", expires: TimeSpan.FromSeconds(-40), from: TimeSpan.FromHours(-1)))).Expect(HttpStatusCode.OK);
        (await MeAsync(_issuer.Token("ann", from: TimeSpan.FromSeconds(40)))).Expect(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Shared_secret_among_the_issuers_keys_signs_nothing()
    {
        var secret = RandomNumberGenerator.GetBytes(64);
        _issuer.Others = [new JsonWebKey { Kty = "oct", Kid = "shared", K = Base64UrlEncoder.Encode(secret) }];
        fixture.Clock.Advance(IssuerKeys.Pause);
        var forged = FakeIssuer.Forge(_issuer.Token("eve"), """{"alg":"HS256","typ":"JWT","kid":"shared"}""", text => HMACSHA256.HashData(secret, text));

        Assert.Equal(HttpStatusCode.Unauthorized, (await MeAsync(forged)).Status);
    }

    [Fact]
    public async Task Without_a_default_role_only_users_that_were_added_come_in_and_an_email_makes_nobody_them()
    {
        await using var host = await fixture.StartAsync([]);
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
        Assert.Equal((HttpStatusCode.Unauthorized, "Invalid API key: it is unknown, expired or revoked."), ((await MeAsync(_issuer.Token("ann"), host)).Status, (await MeAsync("eya.b.c", host)).Detail));
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

    private Task<int> UsersAsync(string subject) => _host.WithDbAsync(db => db.Users.CountAsync(row => row.Subject == subject, ControlHost.Cancel));

    private Task<Reply> MeAsync(string bearer, ControlHost? host = null) => TokenFixture.MeAsync(bearer, host ?? _host);
}
