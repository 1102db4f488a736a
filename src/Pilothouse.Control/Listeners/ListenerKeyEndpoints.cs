using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Control.Access;
using Pilothouse.Control.Access.Keys;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Listeners;

/// <summary>
/// Keys with which a listener speaks to the control plane; an extension of the contract. They are listed and revoked with the other keys of the workspace.
/// </summary>
internal static class ListenerKeyEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v2/listeners/{listener_id}/keys", CreateAsync).RequirePermission(Permissions.CreateListeners);

    private static async Task<IResult> CreateAsync(HttpContext http, CreateKey createKey)
    {
        var faults = new RequestFaults();
        var listener = faults.PathGuid(http, "listener_id");
        var body = await BodyReader.ReadAsync(http, faults, http.RequestAborted);
        var name = NameText.Required(body, "name", faults);
        var expires = body.OptionalText("expires_at", NameText.MaxLength) is { } text ? InstantText.Parse(text, ["body", "expires_at"], faults) : null;
        if (faults.Any) return faults.ToResult();
        return KeyEndpoints.Made(await createKey.ListenerAsync(http.GetCaller(), listener, name, expires, http.RequestAborted));
    }
}
