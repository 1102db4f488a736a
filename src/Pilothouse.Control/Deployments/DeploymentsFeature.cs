using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Tracing;
using Pilothouse.Core.Routing;

namespace Pilothouse.Control.Deployments;

internal static class DeploymentsFeature
{
    public static IServiceCollection AddDeployments(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<DeploymentOptions>().Bind(configuration.GetSection(DeploymentOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<DeploymentOptions>, DeploymentOptionsValidator>();
        services.AddOptions<AgentUrlOptions>().Bind(configuration.GetSection(AgentUrlOptions.Section)).ValidateOnStart();
        services.TryAddSingleton<IValidateOptions<AgentUrlOptions>, AgentUrlOptionsValidator>();
        services.AddSingleton<AgentUrls>();
        services.AddSingleton<DeploymentTransactions>();
        services.AddSingleton<DeploymentStore>();
        services.AddSingleton<ReadDeployments>();
        services.AddSingleton<CreateDeployment>();
        services.AddSingleton<PatchDeployment>();
        services.AddSingleton<DeleteDeployment>();
        services.AddTracing();
        return services;
    }

    public static void MapDeployments(this IEndpointRouteBuilder routes) => DeploymentEndpoints.Map(routes);
}
