using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Integrations;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Uploads;

namespace Pilothouse.Control.Integrations;

/// <summary>How a workspace gets connected: links to GitHub, and the choice that follows.</summary>
internal static class ConnectEndpoints
{
    private const int MaxUrlLength = 2048;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v2/integrations/github/installation-link", LinkAsync).RequirePermission(Permissions.UpdateIntegrations);
        routes.MapPost("/v2/integrations/forge-github/installation-link", ForgeLinkAsync).RequirePermission(Permissions.UpdateIntegrations);
        routes.MapGet("/v2/integrations/forge-github/picker-sessions/{session_id}", SessionAsync).RequirePermission(Permissions.UpdateIntegrations);
        routes.MapPost("/v2/integrations/forge-github/picker-sessions/{session_id}/selection", SelectAsync)
            .RequirePermission(Permissions.UpdateIntegrations);
    }

    private static async Task<IResult> LinkAsync(HttpContext http, InstallLinks links)
    {
        var link = await links.OfAsync(http.GetCaller(), http.RequestAborted);
        return link.ToResult(value => ApiResults.Json(value, ApiJson.Default.InstallationLink));
    }

    private static async Task<IResult> ForgeLinkAsync(HttpContext http, InstallLinks links)
    {
        var faults = new RequestFaults();
        var body = await BodyReader.ReadOptionalAsync(http, faults, http.RequestAborted);
        var returnTo = body?.OptionalText("return_to", MaxUrlLength);
        if (returnTo is not null && !IsPage(returnTo)) body!.Refuse("return_to", "it must be an absolute http or https URL without user name and password");
        if (faults.Any) return faults.ToResult();
        var link = await links.OfForgeAsync(http.GetCaller(), returnTo, http.RequestAborted);
        return link.ToResult(value => ApiResults.Json(value, ApiJson.Default.ForgeInstallationLink));
    }

    private static async Task<IResult> SessionAsync(HttpContext http, string session_id, PickerSessions sessions)
    {
        var session = await sessions.GetAsync(http.GetCaller(), session_id, http.RequestAborted);
        return session.ToResult(value => ApiResults.Json(value, ApiJson.Default.PickerSession));
    }

    private static async Task<IResult> SelectAsync(HttpContext http, string session_id, PickerSessions sessions, PublicAddress address)
    {
        var faults = new RequestFaults();
        var body = await BodyReader.ReadAsync(http, faults, http.RequestAborted);
        var selection = new PickerSelection(body.Choice("action", PickerActions.All), body.OptionalInt("installation_id", min: 1));
        if (selection is { Action: PickerActions.Attach, InstallationId: null } && (!body.Has("installation_id") || body.IsNull("installation_id")))
            body.Refuse("installation_id", "it is needed with the action 'ATTACH'");
        if (faults.Any) return faults.ToResult();
        var next = await sessions.SelectAsync(http.GetCaller(), session_id, selection, address.Of(http.Request), http.RequestAborted);
        return next.ToResult(url => ApiResults.Json(new PickerRedirect(url), ApiJson.Default.PickerRedirect));
    }

    private static bool IsPage(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var parsed)
        && parsed.Scheme is "http" or "https"
        && parsed.UserInfo.Length == 0
        && !url.Any(character => character is <= ' ' or '\\' or >= (char)127);
}
