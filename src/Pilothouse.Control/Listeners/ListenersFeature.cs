using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Contracts.Listeners;

namespace Pilothouse.Control.Listeners;

internal static class ListenersFeature
{
    public static IServiceCollection AddListeners(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<TracingOptions>().Bind(configuration.GetSection(TracingOptions.Section));
        services.AddSingleton<EmbeddedListener>();
        services.AddSingleton<AgentEnvironment>();
        services.AddSingleton<ReadWanted>();
        services.AddSingleton<ListenerWakes>();
        services.AddHostedService(provider => provider.GetRequiredService<ListenerWakes>());
        services.AddSingleton<ListenerLeases>();
        services.AddSingleton<LeaseRenewals>();
        services.AddHostedService(provider => provider.GetRequiredService<LeaseRenewals>());
        services.AddSingleton<LedPull>();
        services.AddSingleton<ListenerFences>();
        services.AddSingleton<LeadListener>();
        services.AddSingleton<ServeListener>();
        services.AddSingleton<SilentListeners>();
        services.AddSingleton<ReportedEvents>();
        services.AddSingleton<RemoveDeployment>();
        services.AddSingleton<TakeReport>();
        services.AddSingleton<TakeLogs>();
        services.AddSingleton<IListenerProtocol, ListenerProtocol>();
        services.AddSingleton<ReadListeners>();
        services.AddSingleton<CreateListener>();
        services.AddSingleton<PatchListener>();
        services.AddSingleton<DeleteListener>();
        return services;
    }

    public static void MapListeners(this IEndpointRouteBuilder routes)
    {
        ListenerEndpoints.Map(routes);
        ListenerKeyEndpoints.Map(routes);
        ListenerProtocolEndpoints.Map(routes);
    }
}
