using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Pilothouse.Control.Peers;

internal static class PeersFeature
{
    /// <summary>SQLite has one control plane.</summary>
    public static IServiceCollection AddPeers(this IServiceCollection services)
    {
        if (services.Any(one => one.ServiceType == typeof(NpgsqlDataSource))) services.AddHostedService<PeerNews>();
        return services;
    }
}
