using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pilothouse.Core;

namespace Pilothouse.Gateway.Tests.World;

/// <summary>An agent server of a test's own.</summary>
internal sealed class Upstream : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<HttpRequestSeen> _seen;

    private Upstream(WebApplication app, ConcurrentQueue<HttpRequestSeen> seen)
    {
        _app = app;
        _seen = seen;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public RevisionId Revision { get; } = RevisionId.New();

    public Uri Address { get; }

    public IReadOnlyCollection<HttpRequestSeen> Seen => _seen;

    public static async Task<Upstream> StartAsync(RequestDelegate answer, int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var seen = new ConcurrentQueue<HttpRequestSeen>();
        app.UseWebSockets();
        app.Run(async http =>
        {
            seen.Enqueue(new HttpRequestSeen($"{http.Request.Path}{http.Request.QueryString}", http.Request.Headers.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
            await answer(http);
        });
        await app.StartAsync(GatewayHost.Cancel);
        return new Upstream(app, seen);
    }

    /// <summary>Answers with a word.</summary>
    public static Task<Upstream> SayingAsync(string word) => StartAsync(http => http.Response.WriteAsync(word));

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}

internal sealed record HttpRequestSeen(string Target, IReadOnlyDictionary<string, string> Headers);
