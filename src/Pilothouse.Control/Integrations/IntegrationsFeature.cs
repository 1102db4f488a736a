using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Integrations;

internal static class IntegrationsFeature
{
    public static IServiceCollection AddIntegrations(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<GitHubAppOptions>().Bind(configuration.GetSection(GitHubAppOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<GitHubAppOptions>, GitHubAppOptionsValidator>();
        services.AddOptions<ForgeGitHubAppOptions>().Bind(configuration.GetSection(ForgeGitHubAppOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ForgeGitHubAppOptions>, ForgeGitHubAppOptionsValidator>();
        services.AddSingleton<ReadIntegrations>();
        services.AddSingleton<InstallStates>();
        services.AddSingleton<InstallLinks>();
        services.AddSingleton<PickerSessions>();
        return services;
    }

    public static void MapIntegrations(this IEndpointRouteBuilder routes)
    {
        IntegrationEndpoints.Map(routes);
        ConnectEndpoints.Map(routes);
    }
}
