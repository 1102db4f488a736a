using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Pilothouse.Core.Routing;

namespace Pilothouse.Control.Access;

internal static class AccessFeature
{
    public static IServiceCollection AddAccess(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(new BootstrapKeySource(() => configuration["BOOTSTRAP_KEY"]));
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<ICallerCheck>(provider => provider.GetRequiredService<ApiKeys>());
        services.AddSingleton<CallerAuthentication>();
        services.AddSingleton<Bootstrap>();
        return services;
    }
}
