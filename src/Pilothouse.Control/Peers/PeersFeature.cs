using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Control.Peers;

internal static class PeersFeature
{
    /// <summary>Registered before whatever runs agents: hosted services and singletons end in the opposite order.</summary>
    public static IServiceCollection AddPeers(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<PeersOptions>().Bind(configuration.GetSection(PeersOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PeersOptions>, PeersOptionsValidator>();
        if (services.Any(one => one.ServiceType == typeof(NpgsqlDataSource)))
        {
            services.AddHostedService<PeerNews>();
            services.AddSingleton<AgentsLease>();
            services.AddHostedService(provider => provider.GetRequiredService<AgentsLease>());
            services.AddSingleton<IAgentsLease>(provider => provider.GetRequiredService<AgentsLease>());
            services.AddSingleton<IAgentsFence>(provider => provider.GetRequiredService<AgentsLease>());
        }
        else
        {
            services.AddSingleton<IAgentsLease, SoleProcess>();
            services.AddSingleton<IAgentsFence, NoFence>();
        }

        return services;
    }
}
