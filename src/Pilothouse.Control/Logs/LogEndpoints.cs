using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Logs;

internal static class LogEndpoints
{
    private static readonly string[] s_types = ["build", "deploy"];

    public static void MapLogs(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(
            "/v1/projects/{project_id}/revisions/{revision_id}/build_logs",
            (HttpContext http, ReadLogs logs) => PostAsync(http, logs, isBuild: true)).RequirePermission(Permissions.Read);
        routes.MapPost(
            "/v1/projects/{project_id}/revisions/{revision_id}/deploy_logs",
            (HttpContext http, ReadLogs logs) => PostAsync(http, logs, isBuild: false)).RequirePermission(Permissions.Read);
        routes.MapPost(
            "/v1/projects/{project_id}/deploy_logs",
            (HttpContext http, ReadLogs logs) => PostAsync(http, logs, isBuild: false)).RequirePermission(Permissions.Read);
        routes.MapGet("/v2/deployments/{deployment_id}/revisions/{revision_id}/logs", GetAsync).RequirePermission(Permissions.Read);
    }

    private static async Task<IResult> PostAsync(HttpContext http, ReadLogs logs, bool isBuild)
    {
        var faults = new RequestFaults();
        Guid? revision = http.Request.RouteValues.ContainsKey("revision_id") ? faults.PathGuid(http, "revision_id") : null;
        var scope = new LogScope(http.GetCaller().Workspace.Value, faults.PathGuid(http, "project_id"), revision, isBuild);
        var body = await BodyReader.ReadOptionalAsync(http, faults, http.RequestAborted);
        return await AnswerAsync(http, logs, scope, LogRequestReader.Of(body, faults), faults);
    }

    private static Task<IResult> GetAsync(HttpContext http, ReadLogs logs)
    {
        var faults = new RequestFaults();
        var query = new QueryReader(http.Request.Query, faults);
        var scope = new LogScope(
            http.GetCaller().Workspace.Value, faults.PathGuid(http, "deployment_id"), faults.PathGuid(http, "revision_id"),
            query.Choice("type", s_types) is "build");
        return AnswerAsync(http, logs, scope, LogRequestReader.Of(query, faults), faults);
    }

    private static async Task<IResult> AnswerAsync(HttpContext http, ReadLogs logs, LogScope scope, LogRequest request, RequestFaults faults)
    {
        if (faults.Any) return faults.ToResult();
        var page = await logs.ReadAsync(scope, request, http.RequestAborted);
        return page.ToResult(value => ApiResults.Json(value, ApiJson.Default.LogPage));
    }
}
