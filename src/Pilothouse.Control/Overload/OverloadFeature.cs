using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Overload;

internal static class OverloadFeature
{
    public static IServiceCollection AddOverload(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<OverloadOptions>().Bind(configuration.GetSection(OverloadOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<OverloadOptions>, OverloadOptionsValidator>();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<OverloadOptions>>(
            (kestrel, limits) => kestrel.Limits.MaxConcurrentConnections = limits.Value.ConcurrentConnections);
        services.AddMetrics();
        services.AddSingleton<OverloadMetrics>();
        services.AddSingleton<RequestRates>();
        services.AddSingleton<RequestRoom>();
        return services;
    }
}
