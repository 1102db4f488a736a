using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Tags;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Tags;

internal static class TaggingEndpoints
{
    private const string All = $"{TagsFeature.Root}/taggings";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(All, ListAsync).RequirePermission(Permissions.Read);
        routes.MapPost(All, CreateAsync).RequirePermission(Permissions.Update);
        routes.MapDelete($"{All}/{{tagging_id}}", DeleteAsync).RequirePermission(Permissions.Update);
        routes.MapGet($"{TagsFeature.Root}/tags/resource", OfResourceAsync).RequirePermission(Permissions.Read);
    }

    private static async Task<IResult> ListAsync(HttpContext http, ReadTags read)
    {
        var faults = new RequestFaults();
        var value = new QueryReader(http.Request.Query, faults).OptionalUuid("tag_value_id");
        if (faults.Any) return faults.ToResult();
        return ApiResults.Json(await read.TaggedAsync(http.GetCaller().Workspace, value, http.RequestAborted), ApiJson.Default.IReadOnlyListTaggedResources);
    }

    private static async Task<IResult> CreateAsync(HttpContext http, TaggingStore taggings)
    {
        var faults = new RequestFaults();
        var body = await BodyReader.ReadAsync(http, faults, http.RequestAborted);
        var wanted = new TaggingCreate(Uuid(body, "tag_value_id", faults), body.Choice("resource_type", TaggedKinds.All), Uuid(body, "resource_id", faults));
        if (faults.Any) return faults.ToResult();
        var created = await taggings.CreateAsync(http.GetCaller().Workspace, wanted, http.RequestAborted);
        return created.ToResult(row => ApiResults.Json(TagAnswers.Of(row), ApiJson.Default.Tagging, StatusCodes.Status201Created));
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, TaggingStore taggings)
    {
        var faults = new RequestFaults();
        var tagging = faults.PathGuid(http, "tagging_id");
        if (faults.Any) return faults.ToResult();
        return await taggings.DeleteAsync(http.GetCaller().Workspace, tagging, http.RequestAborted)
            ? TypedResults.NoContent()
            : ApiResults.Refused(TagRejections.TaggingNotFound(tagging));
    }

    private static async Task<IResult> OfResourceAsync(HttpContext http, ReadTags read)
    {
        var faults = new RequestFaults();
        var query = new QueryReader(http.Request.Query, faults);
        query.Choice("resource_type", TaggedKinds.All);
        var before = faults.List.Count;
        var resource = query.OptionalUuid("resource_id");
        if (resource is null && faults.List.Count == before) faults.Add("missing", ["query", "resource_id"], "Field required");
        if (faults.Any) return faults.ToResult();
        return await read.OfDeploymentAsync(http.GetCaller().Workspace, resource!.Value, http.RequestAborted) is { } tags
            ? ApiResults.Json(tags, ApiJson.Default.IReadOnlyListTagKeyOnResource)
            : ApiResults.Refused(ApiResults.DeploymentNotFound(resource.Value));
    }

    private static Guid Uuid(BodyReader body, string name, RequestFaults faults)
    {
        if (body.IsPresent && (!body.Has(name) || body.IsNull(name))) faults.Add("missing", ["body", name], "Field required");
        return body.OptionalUuid(name) ?? Guid.Empty;
    }
}
