using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Pilothouse.Control.Revisions;

internal static class RevisionsFeature
{
    public static IServiceCollection AddRevisions(this IServiceCollection services)
    {
        services.AddSingleton<ReadRevisions>();
        services.AddSingleton<RedeployRevision>();
        services.AddSingleton<PinStore>();
        services.AddSingleton<RollbackDeployment>();
        services.AddSingleton<ResumeDeployment>();
        return services;
    }

    public static void MapRevisions(this IEndpointRouteBuilder routes) => RevisionEndpoints.Map(routes);
}
