using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Pilothouse.Control.Tests.Access;

/// <summary>A small OpenID Connect issuer on loopback: discovery, keys, and tokens signed with them.</summary>
internal sealed class FakeIssuer : IAsyncDisposable
{
    public const string Audience = "pilothouse";

    private readonly WebApplication _app;
    private readonly TimeProvider _clock;
    private volatile int _fetches;

    private FakeIssuer(WebApplication app, TimeProvider clock)
    {
        _app = app;
        _clock = clock;
    }

    public string Url => _app.Urls.Single();

    /// <summary>What it signs with, and publishes.</summary>
    public SecurityKey Key { get; private set; } = NewRsa("first");

    public int Fetches => _fetches;

    /// <summary>It answers nothing but errors.</summary>
    public bool IsAway { get; set; }

    /// <summary>It answers once this has ended.</summary>
    public Task Pause { get; set; } = Task.CompletedTask;

    /// <summary>Keys that it publishes besides, e.g. shared secrets.</summary>
    public IReadOnlyList<JsonWebKey> Others { get; set; } = [];

    public static async Task<FakeIssuer> StartAsync(TimeProvider clock)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var issuer = new FakeIssuer(builder.Build(), clock);
        issuer._app.MapGet("/.well-known/openid-configuration", () => issuer.Answer(
            () => JsonSerializer.Serialize(new Dictionary<string, string> { ["issuer"] = issuer.Url, ["jwks_uri"] = $"{issuer.Url}/keys" })));
        issuer._app.MapGet("/keys", () => issuer.Answer(issuer.Published));
        await issuer._app.StartAsync();
        return issuer;
    }

    public static RsaSecurityKey NewRsa(string id) => new(RSA.Create(2048)) { KeyId = id };

    public static RsaSecurityKey Renamed(RsaSecurityKey key, string id) => new(key.Rsa) { KeyId = id };

    public static ECDsaSecurityKey NewEcdsa(string id) => new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = id };

    public static JsonWebKey Public(ECDsaSecurityKey key) => JsonWebKeyConverter.ConvertFromECDsaSecurityKey(
        new ECDsaSecurityKey(ECDsa.Create(key.ECDsa.ExportParameters(includePrivateParameters: false))) { KeyId = key.KeyId });

    public void Rotate(SecurityKey key) => Key = key;

    public string Token(
        string subject, string algorithm = SecurityAlgorithms.RsaSha256, string? issuer = null, string audience = Audience, TimeSpan? expires = null, TimeSpan? from = null,
        SecurityKey? key = null)
    {
        var now = _clock.GetUtcNow().UtcDateTime;
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer ?? Url,
            Audience = audience,
            Subject = new ClaimsIdentity([new Claim("sub", subject), new Claim("email", $"{subject}@CORP.example"), new Claim("name", "A Name")]),
            Expires = now + (expires ?? TimeSpan.FromMinutes(5)),
            NotBefore = now + (from ?? TimeSpan.FromMinutes(-1)),
            SigningCredentials = new SigningCredentials(key ?? Key, algorithm),
        });
    }

    /// <summary>Of a good token, with another header and signature.</summary>
    public static string Forge(string token, string header, Func<byte[], byte[]> sign)
    {
        var begin = $"{Base64UrlEncoder.Encode(header)}.{token.Split('.')[1]}";
        return $"{begin}.{Base64UrlEncoder.Encode(sign(Encoding.ASCII.GetBytes(begin)))}";
    }

    public byte[] PublicKeyPem() => Encoding.ASCII.GetBytes(((RsaSecurityKey)Key).Rsa.ExportSubjectPublicKeyInfoPem());

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<Microsoft.AspNetCore.Http.IResult> Answer(Func<string> text)
    {
        Interlocked.Increment(ref _fetches);
        await Pause;
        return IsAway ? Microsoft.AspNetCore.Http.Results.StatusCode(503) : Microsoft.AspNetCore.Http.Results.Text(text(), "application/json");
    }

    private string Published()
    {
        var own = Key is RsaSecurityKey rsa
            ? JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(rsa.Rsa.ExportParameters(includePrivateParameters: false)) { KeyId = Key.KeyId })
            : Public((ECDsaSecurityKey)Key);
        var keys = Others.Prepend(own).Select(key => new Dictionary<string, string?>
        {
            ["kty"] = key.Kty,
            ["kid"] = key.Kid,
            ["n"] = key.N,
            ["e"] = key.E,
            ["crv"] = key.Crv,
            ["x"] = key.X,
            ["y"] = key.Y,
            ["k"] = key.K,
        }.Where(pair => pair.Value is not null).ToDictionary());
        return JsonSerializer.Serialize(new { keys });
    }
}
