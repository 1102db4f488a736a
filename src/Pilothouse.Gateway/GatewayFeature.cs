using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;
using Pilothouse.Gateway.Forwarding;
using Pilothouse.Gateway.Routing;

namespace Pilothouse.Gateway;

public static class GatewayFeature
{
    /// <summary>Registers <see cref="IGateway"/>. Needs an <see cref="ICallerCheck"/>.</summary>
    public static IServiceCollection AddGateway(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<GatewayOptions>().Bind(configuration.GetSection(GatewayOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>();
        services.AddOptions<AgentUrlOptions>().Bind(configuration.GetSection(AgentUrlOptions.Section)).ValidateOnStart();
        services.TryAddSingleton<IValidateOptions<AgentUrlOptions>, AgentUrlOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddHttpForwarder();
        services.AddSingleton<RouteTable>();
        services.AddSingleton<IGateway>(provider => provider.GetRequiredService<RouteTable>());
        services.AddSingleton(_ => new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectCallback = ReplicaSocket.ConnectAsync,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            // Replicas keep idle connections for 5 s or more; asking again before that races with no close of theirs.
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(4),
        }));
        services.TryAddSingleton<IAgentsLease, SoleProcess>();
        services.AddSingleton<AgentForwarder>();
        services.AddSingleton<PeerForwarder>();
        services.AddSingleton<AgentAddresses>();
        services.AddSingleton<AgentTargets>();
        services.AddMetrics();
        services.AddSingleton<GatewayMetrics>();
        return services;
    }

    /// <summary>
    /// Kestrel's part of the gateway's speed: a request goes on in the thread that read it, without a queue between. That thread is of the pool,
    /// so handlers may block as ever.
    /// </summary>
    public static IWebHostBuilder UseGatewaySockets(this IWebHostBuilder host) => host.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);

    /// <summary>Takes <c>/lgp/{label}/…</c> and <c>{label}.{domain}</c>; everything else goes on. Before routing.</summary>
    public static IApplicationBuilder UseGateway(this IApplicationBuilder app) => app.UseMiddleware<GatewayMiddleware>();

    /// <summary>
    /// For what is not the gateway's, right behind it: handlers may block, so they leave the thread that reads sockets, and their answers go out
    /// through <see cref="AnswerQueues"/>.
    /// </summary>
    public static IApplicationBuilder UseAnswerQueues(this IApplicationBuilder app)
    {
        var queues = new AnswerQueues();
        return app.Use(async (http, next) =>
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            await next(http);
            await queues.Next();
        });
    }
}

/// <summary>The rules are the options' own; whoever is added first checks them.</summary>
[OptionsValidator]
internal sealed partial class AgentUrlOptionsValidator : IValidateOptions<AgentUrlOptions>;
