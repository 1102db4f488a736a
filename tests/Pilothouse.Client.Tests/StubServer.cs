using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Pilothouse.Client.Tests;

/// <summary>A server on a port of its own that answers as the test says.</summary>
internal sealed class StubServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StubServer(WebApplication app) => _app = app;

    /// <summary>Method, path and query of what arrived, in order.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public Uri Address { get; private set; } = null!;

    /// <param name="answer">Gets the context and the request's number, from 1.</param>
    public static async Task<StubServer> StartAsync(Func<HttpContext, int, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new StubServer(builder.Build());
        var count = 0;
        server._app.Run(context =>
        {
            server.Requests.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
            return answer(context, Interlocked.Increment(ref count));
        });
        await server._app.StartAsync();
        server.Address = new Uri(server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return server;
    }

    public PilothouseClient Client(string path = "", string? workspace = null, TimeSpan? limit = null) => new(new ClientOptions
    {
        Address = new Uri(Address, path),
        ApiKey = "lsv2_key",
        Workspace = workspace,
        CallLimit = limit ?? TimeSpan.FromSeconds(30),
    });

    public static Task SayAsync(HttpContext context, int status, string body, string type = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(body, context.RequestAborted);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
