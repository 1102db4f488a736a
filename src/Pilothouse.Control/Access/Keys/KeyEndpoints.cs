using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Access.Keys;

/// <summary>Service keys of the workspace, and the personal keys of users; an extension of the contract.</summary>
internal static class KeyEndpoints
{
    private static readonly Rejection s_noUser = new(
        Codes.Forbidden, "A service key has no personal keys: they belong to users.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/access/keys", ListAsync).RequirePermission(Permissions.ManageKeys);
        routes.MapPost("/v2/access/keys", CreateAsync).RequirePermission(Permissions.ManageKeys);
        routes.MapDelete("/v2/access/keys/{key_id}", RevokeAsync).RequirePermission(Permissions.ManageKeys);
        routes.MapGet("/v2/access/me/keys", ListOwnAsync).RequirePermission(Permissions.UseOwnKeys);
        routes.MapPost("/v2/access/me/keys", CreateOwnAsync).RequirePermission(Permissions.UseOwnKeys);
        routes.MapDelete("/v2/access/me/keys/{key_id}", RevokeOwnAsync).RequirePermission(Permissions.UseOwnKeys);
        routes.MapPost("/v2/access/users/{user_id}/keys", CreateForUserAsync).RequirePermission(Permissions.ManageOrganization);
    }

    private static async Task<IResult> ListAsync(HttpContext http, KeyStore keys)
    {
        var faults = new RequestFaults();
        var page = Page.Of(new QueryReader(http.Request.Query, faults));
        return faults.Any ? faults.ToResult() : List(await keys.ListAsync(http.GetCaller(), page, http.RequestAborted), page);
    }

    private static async Task<IResult> CreateAsync(HttpContext http, CreateKey createKey)
    {
        var faults = new RequestFaults();
        var wish = KeyWish.Read(await BodyReader.ReadAsync(http, faults, http.RequestAborted), isPersonal: false, faults);
        if (faults.Any) return faults.ToResult();
        return Made(await createKey.ServiceAsync(http.GetCaller(), wish, http.RequestAborted));
    }

    private static async Task<IResult> RevokeAsync(HttpContext http, KeyStore keys)
    {
        var faults = new RequestFaults();
        var id = faults.PathGuid(http, "key_id");
        if (faults.Any) return faults.ToResult();
        return (await keys.RevokeAsync(http.GetCaller(), id, http.RequestAborted)).ToResult(_ => TypedResults.NoContent());
    }

    private static async Task<IResult> ListOwnAsync(HttpContext http, KeyStore keys)
    {
        var faults = new RequestFaults();
        var page = Page.Of(new QueryReader(http.Request.Query, faults));
        if (faults.Any) return faults.ToResult();
        return http.GetCaller().User is { } user ? List(await keys.ListOfUserAsync(user, page, http.RequestAborted), page) : ApiResults.Refused(s_noUser);
    }

    private static async Task<IResult> CreateOwnAsync(HttpContext http, CreateKey createKey)
    {
        var faults = new RequestFaults();
        var wish = KeyWish.Read(await BodyReader.ReadAsync(http, faults, http.RequestAborted), isPersonal: true, faults);
        if (faults.Any) return faults.ToResult();
        var caller = http.GetCaller();
        return caller.User is { } user ? Made(await createKey.PersonalAsync(caller, user, wish, http.RequestAborted)) : ApiResults.Refused(s_noUser);
    }

    private static async Task<IResult> RevokeOwnAsync(HttpContext http, KeyStore keys)
    {
        var faults = new RequestFaults();
        var id = faults.PathGuid(http, "key_id");
        if (faults.Any) return faults.ToResult();
        if (http.GetCaller().User is not { } user) return ApiResults.Refused(s_noUser);
        return (await keys.RevokeOwnAsync(user, id, http.RequestAborted)).ToResult(_ => TypedResults.NoContent());
    }

    private static async Task<IResult> CreateForUserAsync(HttpContext http, CreateKey createKey)
    {
        var faults = new RequestFaults();
        var user = faults.PathGuid(http, "user_id");
        var wish = KeyWish.Read(await BodyReader.ReadAsync(http, faults, http.RequestAborted), isPersonal: true, faults);
        if (faults.Any) return faults.ToResult();
        return Made(await createKey.PersonalAsync(http.GetCaller(), user, wish, http.RequestAborted));
    }

    private static IResult List(IReadOnlyList<ApiKeyRow> rows, Page page) =>
        ApiResults.Json(new ApiKeysList([.. rows.Select(Answer)], page.Next(rows.Count)), ApiJson.Default.ApiKeysList);

    internal static IResult Made(Outcome<MadeKey> outcome) => outcome.ToResult(made => ApiResults.Json(
        new NewApiKey
        {
            Key = made.Text,
            Id = made.Row.Id,
            Name = made.Row.Name,
            Kind = KindOf(made.Row),
            Prefix = made.Row.Prefix,
            WorkspaceId = made.Row.WorkspaceId,
            Role = RoleOf(made.Row),
            UserId = made.Row.UserId,
            ListenerId = made.Row.ListenerId,
            IsOrganizationAdmin = made.Row.IsOrganizationAdmin,
            CreatedBy = made.Row.CreatedBy,
            CreatedAt = made.Row.CreatedAt,
            ExpiresAt = made.Row.ExpiresAt,
        },
        ApiJson.Default.NewApiKey,
        StatusCodes.Status201Created));

    private static ApiKey Answer(ApiKeyRow row) => new()
    {
        Id = row.Id,
        Name = row.Name,
        Kind = KindOf(row),
        Prefix = row.Prefix,
        WorkspaceId = row.WorkspaceId,
        Role = RoleOf(row),
        UserId = row.UserId,
        ListenerId = row.ListenerId,
        IsOrganizationAdmin = row.IsOrganizationAdmin,
        CreatedBy = row.CreatedBy,
        CreatedAt = row.CreatedAt,
        ExpiresAt = row.ExpiresAt,
        LastUsedAt = row.LastUsedAt,
    };

    private static string KindOf(ApiKeyRow row) => row.ListenerId is not null ? KeyKinds.Listener : row.UserId is null ? KeyKinds.Service : KeyKinds.Personal;

    private static string? RoleOf(ApiKeyRow row) => row.UserId is null ? row.Role : null;
}
