using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Revisions;

internal static class InterruptEndpoint
{
    /// <summary>An extension of the contract.</summary>
    public static void MapInterrupt(this IEndpointRouteBuilder routes) => routes
        .MapPost("/v2/deployments/{deployment_id}/revisions/{revision_id}/interrupt", InterruptAsync)
        .RequirePermission(Permissions.Update);

    private static async Task<IResult> InterruptAsync(HttpContext http, InterruptRevision interruptRevision)
    {
        var faults = new RequestFaults();
        var deployment = faults.PathGuid(http, "deployment_id");
        var revision = faults.PathGuid(http, "revision_id");
        if (faults.Any) return faults.ToResult();
        var caller = http.GetCaller();
        var outcome = await interruptRevision.RunAsync(caller.Workspace, caller.Subject, deployment, revision, http.RequestAborted);
        return outcome.ToResult(value => ApiResults.Json(value, ApiJson.Default.Revision));
    }
}
