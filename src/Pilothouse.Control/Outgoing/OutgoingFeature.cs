using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Outgoing;

internal static class OutgoingFeature
{
    public static IServiceCollection AddOutgoing(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<OutgoingOptions>().Bind(configuration.GetSection(OutgoingOptions.Section)).ValidateOnStart();
        services.TryAddSingleton<IValidateOptions<OutgoingOptions>, OutgoingOptionsValidator>();
        services.TryAddSingleton<HostResolver>(_ => Dns.GetHostAddressesAsync);
        services.TryAddSingleton<OutgoingAddress>();
        services.TryAddSingleton<OutgoingHttp>();
        return services;
    }
}
