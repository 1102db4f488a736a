using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Pilothouse.Client.Listeners;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Pulling;

namespace Pilothouse.Listener.Remote;

public static class RemoteFeature
{
    /// <summary>
    /// What a listener needs whose control plane is elsewhere: protocol, lease, callers, packages. Ahead of whatever runs agents, since singletons end in
    /// the opposite order.
    /// </summary>
    public static IServiceCollection AddRemoteControlPlane(
        this IServiceCollection services, IConfiguration configuration, ListenerIdentity identity, LeadSettings settings)
    {
        services.AddOptions<ControlPlaneOptions>().Bind(configuration.GetSection(ControlPlaneOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ControlPlaneOptions>, ControlPlaneOptionsValidator>();
        services.AddSingleton(identity);
        services.AddSingleton(settings);
        services.AddSingleton<ListenerKey>();
        services.AddSingleton(provider => new ListenerConnection(
            new ListenerConnectionOptions
            {
                Address = new Uri(provider.GetRequiredService<IOptions<ControlPlaneOptions>>().Value.Url),
                Listener = identity.ListenerId,
                Key = () => provider.GetRequiredService<ListenerKey>().Text,
            },
            ControlPlaneHandler.Create(provider.GetRequiredService<IOptions<ControlPlaneOptions>>().Value.CaFile),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IWantedMemory, SealedMemory>();
        services.AddSingleton<LeaderLease>();
        services.AddSingleton<IAgentsLease>(provider => provider.GetRequiredService<LeaderLease>());
        services.AddSingleton<IListenerProtocol, RemoteProtocol>();
        services.AddSingleton<IPackageSource, ControlPlanePackages>();
        services.AddSingleton<KnownCallers>();
        services.AddSingleton<ICallerCheck, RemoteCallers>();
        services.AddHostedService<UnusedArtifacts>();
        return services;
    }
}
