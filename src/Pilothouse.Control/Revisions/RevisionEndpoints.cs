using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Access;
using Pilothouse.Control.Deployments;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Idempotency;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Revisions;

internal static class RevisionEndpoints
{
    private static readonly string[] s_statuses = [.. Enum.GetValues<RevisionStatus>().Select(status => status.ToWire())];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/deployments/{deployment_id}/revisions", ListAsync).RequirePermission(Permissions.Read);
        routes.MapPost("/v2/deployments/{deployment_id}/revisions", CreateAsync).RequirePermission(Permissions.Update)
            .AnswersChange(ChangeAnswer.NewRevision);
        routes.MapGet("/v2/deployments/{deployment_id}/revisions/{revision_id}", GetAsync).RequirePermission(Permissions.Read);
        routes.MapPost("/v2/deployments/{deployment_id}/revisions/{revision_id}/redeploy", RedeployAsync).RequirePermission(Permissions.Update)
            .AnswersChange(ChangeAnswer.Changed);
    }

    private static async Task<IResult> ListAsync(HttpContext http, ReadRevisions read)
    {
        var faults = new RequestFaults();
        var deployment = faults.PathGuid(http, "deployment_id");
        var reader = new QueryReader(http.Request.Query, faults);
        var page = Page.Of(reader);
        var query = new RevisionsQuery(
            reader.OptionalChoices("status", s_statuses) is { } statuses ? [.. statuses.Select(RevisionStatuses.FromWire).OfType<RevisionStatus>()] : null,
            reader.OptionalBool("remote_reconciled"),
            page.Limit,
            page.Offset);
        if (faults.Any) return faults.ToResult();
        return await read.ListAsync(http.GetCaller().Workspace, deployment, query, http.RequestAborted) is { } rows
            ? ApiResults.Json(new RevisionsList([.. rows.Select(RevisionAnswer.Of)], page.Next(rows.Count)), ApiJson.Default.RevisionsList)
            : ApiResults.Refused(ApiResults.DeploymentNotFound(deployment));
    }

    private static async Task<IResult> GetAsync(HttpContext http, ReadRevisions read)
    {
        var faults = new RequestFaults();
        var deployment = faults.PathGuid(http, "deployment_id");
        var revision = faults.PathGuid(http, "revision_id");
        if (faults.Any) return faults.ToResult();
        return await read.FindAsync(http.GetCaller().Workspace, deployment, revision, http.RequestAborted) is { } row
            ? ApiResults.Json(RevisionAnswer.Of(row), ApiJson.Default.Revision)
            : ApiResults.Refused(ApiResults.DeploymentNotFound(deployment));
    }

    /// <summary>Takes what a PATCH takes, or nothing at all, and always makes a revision.</summary>
    private static async Task<IResult> CreateAsync(HttpContext http, PatchDeployment patchDeployment, AgentUrls urls)
    {
        var faults = new RequestFaults();
        var deployment = faults.PathGuid(http, "deployment_id");
        var body = await BodyReader.ReadOptionalAsync(http, faults, http.RequestAborted);
        var request = body is null ? new PatchRequest(new DeploymentPatch()) : DeploymentBodies.ReadPatch(body);
        if (faults.Any) return faults.ToResult();
        var made = await patchDeployment.RunAsync(
            http.GetCaller().Workspace, deployment, request, urls.For(http.Request), isAlways: true, http.RequestAborted);
        return QueueAnswers.ToResult(
            http, made, value => ApiResults.Json(RevisionAnswer.Of(value.Revision!), ApiJson.Default.Revision, StatusCodes.Status201Created));
    }

    private static async Task<IResult> RedeployAsync(HttpContext http, RedeployRevision redeployRevision, AgentUrls urls)
    {
        var faults = new RequestFaults();
        var deployment = faults.PathGuid(http, "deployment_id");
        var revision = faults.PathGuid(http, "revision_id");
        if (faults.Any) return faults.ToResult();
        var redeployed = await redeployRevision.RunAsync(http.GetCaller().Workspace, deployment, revision, http.RequestAborted);
        return QueueAnswers.ToResult(
            http, redeployed, row => DeploymentTags.Answer(http, row, urls.For(http.Request)));
    }
}
