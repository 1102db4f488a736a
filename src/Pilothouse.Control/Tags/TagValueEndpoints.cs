using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Tags;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Tags;

internal static class TagValueEndpoints
{
    private const string All = $"{TagsFeature.Root}/tag-keys/{{tag_key_id}}/tag-values";
    private const string One = $"{All}/{{tag_value_id}}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(All, ListAsync).RequirePermission(Permissions.Read);
        routes.MapPost(All, CreateAsync).RequirePermission(Permissions.Update);
        routes.MapGet(One, GetAsync).RequirePermission(Permissions.Read);
        routes.MapPatch(One, PatchAsync).RequirePermission(Permissions.Update);
        routes.MapDelete(One, DeleteAsync).RequirePermission(Permissions.Update);
    }

    private static async Task<IResult> ListAsync(HttpContext http, ReadTags read)
    {
        var faults = new RequestFaults();
        var key = faults.PathGuid(http, "tag_key_id");
        if (faults.Any) return faults.ToResult();
        return await read.ValuesAsync(http.GetCaller().Workspace, key, http.RequestAborted) is { } rows
            ? ApiResults.Json([.. rows.Select(TagAnswers.Of)], ApiJson.Default.IReadOnlyListTagValue)
            : ApiResults.Refused(TagRejections.KeyNotFound(key));
    }

    private static async Task<IResult> CreateAsync(HttpContext http, TagStore tags)
    {
        var faults = new RequestFaults();
        var key = faults.PathGuid(http, "tag_key_id");
        var body = await BodyReader.ReadAsync(http, faults, http.RequestAborted);
        var wanted = new TagValueCreate(NameText.Required(body, "value", faults), body.OptionalText("description", TagKeyEndpoints.MaxDescriptionLength));
        if (faults.Any) return faults.ToResult();
        var created = await tags.CreateValueAsync(http.GetCaller().Workspace, key, wanted, http.RequestAborted);
        return created.ToResult(row => ApiResults.Json(TagAnswers.Of(row), ApiJson.Default.TagValue, StatusCodes.Status201Created));
    }

    private static async Task<IResult> GetAsync(HttpContext http, ReadTags read)
    {
        var faults = new RequestFaults();
        var (key, value) = (faults.PathGuid(http, "tag_key_id"), faults.PathGuid(http, "tag_value_id"));
        if (faults.Any) return faults.ToResult();
        return await read.FindValueAsync(http.GetCaller().Workspace, key, value, http.RequestAborted) is { } row
            ? ApiResults.Json(TagAnswers.Of(row), ApiJson.Default.TagValue)
            : ApiResults.Refused(TagRejections.ValueNotFound(value));
    }

    private static async Task<IResult> PatchAsync(HttpContext http, TagStore tags)
    {
        var faults = new RequestFaults();
        var (key, value) = (faults.PathGuid(http, "tag_key_id"), faults.PathGuid(http, "tag_value_id"));
        var body = await BodyReader.ReadAsync(http, faults, http.RequestAborted);
        var patch = new TagValuePatch(NameText.Optional(body, "value", faults), body.OptionalText("description", TagKeyEndpoints.MaxDescriptionLength));
        if (faults.Any) return faults.ToResult();
        var patched = await tags.PatchValueAsync(http.GetCaller().Workspace, key, value, patch, http.RequestAborted);
        return patched.ToResult(row => ApiResults.Json(TagAnswers.Of(row), ApiJson.Default.TagValue));
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, TagStore tags)
    {
        var faults = new RequestFaults();
        var (key, value) = (faults.PathGuid(http, "tag_key_id"), faults.PathGuid(http, "tag_value_id"));
        if (faults.Any) return faults.ToResult();
        return (await tags.DeleteValueAsync(http.GetCaller().Workspace, key, value, http.RequestAborted)).ToResult(_ => TypedResults.NoContent());
    }
}
