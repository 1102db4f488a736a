using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Listeners;

/// <summary>A workspace's own listeners. The one inside <c>serve</c> belongs to no workspace and is not seen here.</summary>
internal static class ListenerEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/listeners", ListAsync).RequirePermission(Permissions.ReadListeners);
        routes.MapPost("/v2/listeners", CreateAsync).RequirePermission(Permissions.CreateListeners);
        routes.MapGet("/v2/listeners/{listener_id}", GetAsync).RequirePermission(Permissions.ReadListeners);
        routes.MapPatch("/v2/listeners/{listener_id}", PatchAsync).RequirePermission(Permissions.UpdateListeners);
        routes.MapDelete("/v2/listeners/{listener_id}", DeleteAsync).RequirePermission(Permissions.DeleteListeners);
    }

    private static async Task<IResult> ListAsync(HttpContext http, ReadListeners read)
    {
        var faults = new RequestFaults();
        var page = Page.Of(new QueryReader(http.Request.Query, faults));
        if (faults.Any) return faults.ToResult();
        var rows = await read.ListAsync(http.GetCaller().Workspace, page.Limit, page.Offset, http.RequestAborted);
        var seen = await read.SeenAsync(rows, http.RequestAborted);
        return ApiResults.Json(
            new ListenersList([.. rows.Select(row => ListenerAnswer.Of(row, At(seen, row)))], page.Next(rows.Count)), ApiJson.Default.ListenersList);
    }

    private static async Task<IResult> CreateAsync(HttpContext http, CreateListener createListener)
    {
        var faults = new RequestFaults();
        var wanted = ListenerBodies.ReadCreate(await BodyReader.ReadAsync(http, faults, http.RequestAborted), faults);
        if (faults.Any) return faults.ToResult();
        var created = await createListener.RunAsync(http.GetCaller().Workspace, wanted, http.RequestAborted);
        return created.ToResult(row => ApiResults.Json(ListenerAnswer.Of(row, seenAt: null), ApiJson.Default.Listener, StatusCodes.Status201Created));
    }

    private static async Task<IResult> GetAsync(HttpContext http, ReadListeners read)
    {
        var faults = new RequestFaults();
        var listener = faults.PathGuid(http, "listener_id");
        if (faults.Any) return faults.ToResult();
        return await read.FindAsync(http.GetCaller().Workspace, listener, http.RequestAborted) is { } row
            ? ApiResults.Json(ListenerAnswer.Of(row, At(await read.SeenAsync([row], http.RequestAborted), row)), ApiJson.Default.Listener)
            : ApiResults.Refused(ListenerRejections.NotFound(listener));
    }

    private static async Task<IResult> PatchAsync(HttpContext http, PatchListener patchListener, ReadListeners read)
    {
        var faults = new RequestFaults();
        var listener = faults.PathGuid(http, "listener_id");
        var request = ListenerBodies.ReadPatch(await BodyReader.ReadAsync(http, faults, http.RequestAborted), faults);
        if (faults.Any) return faults.ToResult();
        var patched = await patchListener.RunAsync(http.GetCaller().Workspace, listener, request, http.RequestAborted);
        if (!patched.IsAccepted) return ApiResults.Refused(patched.Rejection);
        var seen = await read.SeenAsync([patched.Value], http.RequestAborted);
        return ApiResults.Json(ListenerAnswer.Of(patched.Value, At(seen, patched.Value)), ApiJson.Default.Listener);
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, DeleteListener deleteListener)
    {
        var faults = new RequestFaults();
        var listener = faults.PathGuid(http, "listener_id");
        if (faults.Any) return faults.ToResult();
        return await deleteListener.RunAsync(http.GetCaller().Workspace, listener, http.RequestAborted) is { } refused
            ? ApiResults.Refused(refused)
            : TypedResults.NoContent();
    }

    private static DateTimeOffset? At(IReadOnlyDictionary<Guid, DateTimeOffset> seen, ListenerRow row) =>
        seen.TryGetValue(row.Id, out var at) ? at : null;
}
