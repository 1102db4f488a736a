using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Tags;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Tags;

internal static class TagKeyEndpoints
{
    public const int MaxDescriptionLength = 1000;

    private const string All = $"{TagsFeature.Root}/tag-keys";
    private const string One = $"{All}/{{tag_key_id}}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(All, ListAsync).RequirePermission(Permissions.Read);
        routes.MapPost(All, CreateAsync).RequirePermission(Permissions.Update);
        routes.MapGet(One, GetAsync).RequirePermission(Permissions.Read);
        routes.MapPatch(One, PatchAsync).RequirePermission(Permissions.Update);
        routes.MapDelete(One, DeleteAsync).RequirePermission(Permissions.Update);
        routes.MapGet($"{TagsFeature.Root}/tags", ListWithValuesAsync).RequirePermission(Permissions.Read);
    }

    private static async Task<IResult> ListAsync(HttpContext http, ReadTags read) => ApiResults.Json(
        [.. (await read.KeysAsync(http.GetCaller().Workspace, http.RequestAborted)).Select(TagAnswers.Of)], ApiJson.Default.IReadOnlyListTagKey);

    private static async Task<IResult> ListWithValuesAsync(HttpContext http, ReadTags read) =>
        ApiResults.Json(await read.AllAsync(http.GetCaller().Workspace, http.RequestAborted), ApiJson.Default.IReadOnlyListTagKeyWithValues);

    private static async Task<IResult> CreateAsync(HttpContext http, TagStore tags)
    {
        var faults = new RequestFaults();
        var body = await BodyReader.ReadAsync(http, faults, http.RequestAborted);
        var wanted = new TagKeyCreate(NameText.Required(body, "key", faults), body.OptionalText("description", MaxDescriptionLength));
        if (faults.Any) return faults.ToResult();
        var created = await tags.CreateKeyAsync(http.GetCaller().Workspace, wanted, http.RequestAborted);
        return created.ToResult(row => ApiResults.Json(TagAnswers.Of(row), ApiJson.Default.TagKey, StatusCodes.Status201Created));
    }

    private static async Task<IResult> GetAsync(HttpContext http, ReadTags read)
    {
        var faults = new RequestFaults();
        var key = faults.PathGuid(http, "tag_key_id");
        if (faults.Any) return faults.ToResult();
        return await read.FindKeyAsync(http.GetCaller().Workspace, key, http.RequestAborted) is { } row
            ? ApiResults.Json(TagAnswers.Of(row), ApiJson.Default.TagKey)
            : ApiResults.Refused(TagRejections.KeyNotFound(key));
    }

    private static async Task<IResult> PatchAsync(HttpContext http, TagStore tags)
    {
        var faults = new RequestFaults();
        var key = faults.PathGuid(http, "tag_key_id");
        var body = await BodyReader.ReadAsync(http, faults, http.RequestAborted);
        var patch = new TagKeyPatch(NameText.Optional(body, "key", faults), body.OptionalText("description", MaxDescriptionLength));
        if (faults.Any) return faults.ToResult();
        var patched = await tags.PatchKeyAsync(http.GetCaller().Workspace, key, patch, http.RequestAborted);
        return patched.ToResult(row => ApiResults.Json(TagAnswers.Of(row), ApiJson.Default.TagKey));
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, TagStore tags)
    {
        var faults = new RequestFaults();
        var key = faults.PathGuid(http, "tag_key_id");
        if (faults.Any) return faults.ToResult();
        return (await tags.DeleteKeyAsync(http.GetCaller().Workspace, key, http.RequestAborted)).ToResult(_ => TypedResults.NoContent());
    }
}
