using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pilothouse.Core;
using Pilothouse.Core.Routing;
using Xunit;

namespace Pilothouse.Gateway.Tests.World;

/// <summary>The gateway on a real socket; behind it whatever a test starts.</summary>
internal sealed class GatewayHost : IAsyncDisposable
{
    public const string Key = "lsv2_sk_the_key_of_the_workspace";
    private readonly WebApplication _app;

    private GatewayHost(WebApplication app)
    {
        _app = app;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public WorkspaceId Workspace { get; } = WorkspaceId.New();

    public DeploymentId Deployment { get; } = DeploymentId.New();

    public Uri Address { get; }

    public IGateway Gateway => _app.Services.GetRequiredService<IGateway>();

    public static async Task<GatewayHost> StartAsync(params (string Name, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(settings.Select(pair => KeyValuePair.Create($"Gateway:{pair.Name}", (string?)pair.Value)));
        builder.Services.AddGateway(builder.Configuration);
        builder.Services.AddSingleton<ICallerCheck, OneKey>();
        var app = builder.Build();
        app.UseGateway();
        app.Run(http => http.Response.WriteAsync("not for the gateway"));
        await app.StartAsync(Cancel);
        return new GatewayHost(app);
    }

    public Route Route(RevisionId revision, params Uri[] endpoints) =>
        new(Workspace, Deployment, "echo-1234", revision, endpoints, RequiresKey: true);

    /// <summary>Base address is the agent's; ends with a slash.</summary>
    public HttpClient Client(string? key = Key)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = new Uri(Address, "/lgp/echo-1234/") };
        if (key is not null) client.DefaultRequestHeaders.Add("X-Api-Key", key);
        return client;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private sealed class OneKey : ICallerCheck
    {
        public ValueTask<bool> MayCallAsync(WorkspaceId workspace, string? apiKey, CancellationToken cancellationToken) => new(apiKey == Key);
    }
}

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
