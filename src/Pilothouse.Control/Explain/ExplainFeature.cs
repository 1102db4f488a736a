using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Contracts;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Explain;

/// <summary>Why a deployment does not serve, or not its newest revision; an extension of the contract.</summary>
internal static class ExplainFeature
{
    public static IServiceCollection AddExplain(this IServiceCollection services)
    {
        services.AddSingleton<ListenerContacts>();
        services.AddSingleton<ReadFacts>();
        return services;
    }

    public static void MapExplain(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v2/deployments/{deployment_id}/explain", GetAsync).RequirePermission(Permissions.Read);

    private static async Task<IResult> GetAsync(HttpContext http, ReadFacts readFacts)
    {
        var faults = new RequestFaults();
        var deployment = faults.PathGuid(http, "deployment_id");
        if (faults.Any) return faults.ToResult();
        return await readFacts.RunAsync(http.GetCaller().Workspace, deployment, http.RequestAborted) is { } facts
            ? ApiResults.Json(ExplainPlanner.Explain(facts), ApiJson.Default.Explanation)
            : ApiResults.Refused(ApiResults.DeploymentNotFound(deployment));
    }
}
