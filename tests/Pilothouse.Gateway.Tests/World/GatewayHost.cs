using System.Net.Sockets;
using System.Text;
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
using Pilothouse.Gateway.Routing;
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

    /// <summary>Requests that wait for a switch or a replica now.</summary>
    public int Waiting => _app.Services.GetRequiredService<RouteTable>().Waiting;

    public IServiceProvider Services => _app.Services;

    public static Task<GatewayHost> StartAsync(params (string Name, string Value)[] settings) => StartAtAsync(TimeProvider.System, settings);

    public static async Task<GatewayHost> StartAtAsync(TimeProvider time, params (string Name, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.UseGatewaySockets();
        builder.Services.AddSingleton(time);
        builder.Configuration.AddInMemoryCollection(settings.Select(pair => KeyValuePair.Create(pair.Name, (string?)pair.Value)));
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

    /// <summary>Sends bytes as they are and reads until the gateway closes; ask for that with <c>Connection: close</c>.</summary>
    public async Task<string> RawAsync(string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(Address.Host, Address.Port, Cancel);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), Cancel);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return await reader.ReadToEndAsync(Cancel);
    }

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
