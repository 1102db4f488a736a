using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Pilothouse.Control.Access.Keys;
using Pilothouse.Control.Tests.AuthService;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Control.Tests.Access;

/// <summary>T33: the clock goes on until everything that can expire has. Certificates are those of others: of the proxy in front, the database, the issuer.</summary>
public sealed class ExpiryTests
{
    [Fact]
    public async Task T33_what_will_expire_is_said_before_what_can_renews_itself_and_nobody_is_locked_out()
    {
        // Apart from the wall clock, which whoever waits still has.
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow()) { AutoAdvanceAmount = TimeSpan.FromMilliseconds(1) };
        var log = new KeptLines();
        await using var server = await OAuthServer.StartAsync();
        await using var host = await ControlHost.StartAsync(
            new() { ["Outgoing:AllowPrivateAddresses"] = "true" },
            services: services => services.AddSingleton<TimeProvider>(clock).AddSingleton<ILogger<ExpiringKeys>>(log));
        var api = await Api.InNewWorkspaceAsync(host);
        using var ofWeeks = host.Client(await host.AddKeyAsync(api.Workspace.Value, expiresAt: clock.GetUtcNow().AddDays(30)));
        var slug = AuthBodies.NewSlug();
        (await api.PostAsync("/v2/auth/providers", AuthBodies.Provider(slug, server))).Expect(HttpStatusCode.OK);
        (await api.PostAsync("/v2/auth/tokens/import", AuthBodies.Import(slug, more: $$""","refresh_token":"{{server.GrantRefresh()}}","expires_in_seconds":3600"""))).Expect(HttpStatusCode.OK);
        var expiring = host.Services.GetRequiredService<ExpiringKeys>();

        await expiring.RunAsync(ControlHost.Cancel);
        Assert.Empty(log.Lines);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(ofWeeks));

        clock.Advance(TimeSpan.FromDays(24));
        await expiring.RunAsync(ControlHost.Cancel);
        await expiring.RunAsync(ControlHost.Cancel);
        // Or the host's own sweep, which the clock has woken.
        await Eventually.TrueAsync(() => !log.Lines.IsEmpty);
        var line = Assert.Single(log.Lines);
        Assert.Contains("1 API keys expire within seven days", line, StringComparison.Ordinal);
        Assert.Contains("'test'", line, StringComparison.Ordinal);
        Assert.DoesNotContain(ofWeeks.DefaultRequestHeaders.GetValues("X-Api-Key").Single(), line, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(ofWeeks));

        clock.Advance(TimeSpan.FromDays(400));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(ofWeeks));

        // The token of a year ago is renewed for whoever asks for it, and the operator's own key makes new ones.
        var used = await api.PostAsync("/v2/auth/authenticate", AuthBodies.Ask(slug));
        Assert.Equal("completed", used.Expect(HttpStatusCode.OK).Text_("status"));
        Assert.Equal("refresh_token", Assert.Single(server.TokenCalls)["grant_type"]);
        using var operators = host.Client();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(operators));
        await api.CreateAsync("after-a-year");
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client)
    {
        using var answer = await client.GetAsync(new Uri("/v2/deployments", UriKind.Relative), ControlHost.Cancel);
        return answer.StatusCode;
    }

    private sealed class KeptLines : ILogger<ExpiringKeys>
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue(formatter(state, exception));
    }
}
