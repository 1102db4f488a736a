using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Idempotency;
using Pilothouse.Core.Deployments;

namespace Pilothouse.Control.Deployments;

internal static class DeploymentEndpoints
{
    private const int MaxDeletedAtOnce = 100;

    private static readonly string[] s_statuses = [.. Enum.GetValues<DeploymentStatus>().Select(status => status.ToWire())];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/deployments", ListAsync).RequirePermission(Permissions.Read);
        routes.MapPost("/v2/deployments", CreateAsync).RequirePermission(Permissions.Create).AnswersChange(ChangeAnswer.Created);
        routes.MapDelete("/v2/deployments", DeleteManyAsync).RequirePermission(Permissions.Delete);
        routes.MapGet("/v2/deployments/free-count", CountFreeAsync).RequirePermission(Permissions.Read);
        routes.MapGet("/v2/deployments/{deployment_id}", GetAsync).RequirePermission(Permissions.Read);
        routes.MapPatch("/v2/deployments/{deployment_id}", PatchAsync).RequirePermission(Permissions.Update).AnswersChange(ChangeAnswer.Changed);
        routes.MapDelete("/v2/deployments/{deployment_id}", DeleteAsync).RequirePermission(Permissions.Delete).WithMetadata(ChangeAnswer.Deleted);
    }

    private static async Task<IResult> ListAsync(HttpContext http, ReadDeployments read, AgentUrls urls)
    {
        var faults = new RequestFaults();
        var reader = new QueryReader(http.Request.Query, faults);
        var page = Page.Of(reader);
        var query = QueryOf(reader, page);
        if (faults.Any) return faults.ToResult();
        var rows = await read.ListAsync(http.GetCaller().Workspace, query, http.RequestAborted);
        var at = urls.For(http.Request);
        return ApiResults.Json(
            new DeploymentsList([.. rows.Select(row => DeploymentAnswer.Of(row, at))], page.Next(rows.Count)), ApiJson.Default.DeploymentsList);
    }

    private static DeploymentsQuery QueryOf(QueryReader query, Page page) => new()
    {
        Name = query.OptionalText("name"),
        NameContains = query.OptionalText("name_contains"),
        Statuses = query.OptionalChoices("status", s_statuses) is { } statuses ? [.. statuses.Select(DeploymentStatuses.FromWire).OfType<DeploymentStatus>()] : null,
        IsRemote = query.OptionalBool("remote_reconciled"),
        TagValues = query.OptionalUuids("tag_value_ids"),
        ImageVersion = query.OptionalText("image_version"),
        DeploymentType = query.OptionalChoice("deployment_type", DeploymentTypes.All),
        Ids = query.OptionalUuids("deployment_ids"),
        AgentId = query.OptionalText("agent_id"),
        AgentEnvironment = query.OptionalChoice("agent_environment", AgentEnvironments.All),
        Limit = page.Limit,
        Offset = page.Offset,
    };

    private static async Task<IResult> CreateAsync(HttpContext http, CreateDeployment createDeployment, AgentUrls urls)
    {
        var faults = new RequestFaults();
        var wanted = DeploymentBodies.ReadCreate(await BodyReader.ReadAsync(http, faults, http.RequestAborted));
        if (faults.Any) return faults.ToResult();
        var created = await createDeployment.RunAsync(http.GetCaller().Workspace, wanted, http.RequestAborted);
        return created.ToResult(row => DeploymentTags.Answer(http, row, urls.For(http.Request), StatusCodes.Status201Created));
    }

    private static async Task<IResult> GetAsync(HttpContext http, ReadDeployments read, AgentUrls urls)
    {
        var faults = new RequestFaults();
        var deployment = faults.PathGuid(http, "deployment_id");
        if (faults.Any) return faults.ToResult();
        return await read.FindAsync(http.GetCaller().Workspace, deployment, http.RequestAborted) is { } row
            ? DeploymentTags.Read(http, row, urls.For(http.Request))
            : ApiResults.Refused(ApiResults.DeploymentNotFound(deployment));
    }

    private static async Task<IResult> PatchAsync(HttpContext http, PatchDeployment patchDeployment, AgentUrls urls)
    {
        var faults = new RequestFaults();
        var deployment = faults.PathGuid(http, "deployment_id");
        var request = DeploymentBodies.ReadPatch(await BodyReader.ReadAsync(http, faults, http.RequestAborted));
        if (faults.Any) return faults.ToResult();
        var at = urls.For(http.Request);
        var patched = await patchDeployment.RunAsync(http.GetCaller().Workspace, deployment, request, at, isAlways: false, http.RequestAborted);
        return QueueAnswers.ToResult(http, patched, value => DeploymentTags.Answer(http, value.Row, at));
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, DeleteDeployment deleteDeployment)
    {
        var faults = new RequestFaults();
        var deployment = faults.PathGuid(http, "deployment_id");
        var query = new QueryReader(http.Request.Query, faults);
        var withTracing = query.OptionalBool("delete_tracing_project") ?? false;
        var isForced = query.OptionalBool("force") ?? false;
        if (faults.Any) return faults.ToResult();
        var deleted = await deleteDeployment.RunAsync(http.GetCaller().Workspace, deployment, isForced, withTracing, http.RequestAborted);
        return deleted.ToResult(_ => TypedResults.NoContent());
    }

    /// <summary>200 when all went, 207 when some did, 404 in the words of the first when none did.</summary>
    private static async Task<IResult> DeleteManyAsync(HttpContext http, DeleteDeployment deleteDeployment)
    {
        var faults = new RequestFaults();
        var wanted = new QueryReader(http.Request.Query, faults).OptionalUuids("deployment_ids");
        if (wanted is null) faults.Add("missing", ["query", "deployment_ids"], "Field required");
        else if (wanted.Count > MaxDeletedAtOnce)
            faults.Add(
                "too_long",
                ["query", "deployment_ids"],
                $"List should have at most {MaxDeletedAtOnce} items after validation, not {wanted.Count}",
                input: null,
                ("field_type", "List"), ("max_length", MaxDeletedAtOnce), ("actual_length", wanted.Count));
        if (faults.Any) return faults.ToResult();

        var result = await deleteDeployment.RunAsync(http.GetCaller().Workspace, wanted!, http.RequestAborted);
        if (result.Deleted.Count == 0) return ApiResults.Detail(StatusCodes.Status404NotFound, result.Failed[0].Detail);
        return ApiResults.Json(
            result, ApiJson.Default.DeletedDeployments, result.Failed.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status207MultiStatus);
    }

    private static async Task<IResult> CountFreeAsync(HttpContext http, ReadDeployments read) => ApiResults.Json(
        new FreeDeployments(await read.CountFreeAsync(http.GetCaller().Organization, http.RequestAborted)), ApiJson.Default.FreeDeployments);
}
