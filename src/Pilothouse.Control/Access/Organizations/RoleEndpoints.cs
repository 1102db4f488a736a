using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Access.Organizations;

/// <summary>What people and keys may be; an extension of the contract.</summary>
internal static class RoleEndpoints
{
    private static readonly Role[] s_builtIn =
    [
        .. Roles.BuiltIn.Select(name => new Role { Name = name, Permissions = [.. Roles.PermissionsOf(name)!.Order(StringComparer.Ordinal)], IsBuiltIn = true }),
    ];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/access/roles", ListAsync).RequirePermission(Permissions.ReadWorkspace);
        routes.MapPost("/v2/access/roles", CreateAsync).RequirePermission(Permissions.ManageRoles);
        routes.MapDelete("/v2/access/roles/{role_name}", DeleteAsync).RequirePermission(Permissions.ManageRoles);
    }

    private static async Task<IResult> ListAsync(HttpContext http, RoleStore roles)
    {
        var faults = new RequestFaults();
        var page = Page.Of(new QueryReader(http.Request.Query, faults));
        if (faults.Any) return faults.ToResult();
        var made = await roles.ListAsync(http.GetCaller().Organization, http.RequestAborted);
        var shown = s_builtIn.Concat(made.Select(Answer)).Skip(page.Offset).Take(page.Limit).ToList();
        return ApiResults.Json(new RolesList(shown, page.Next(shown.Count)), ApiJson.Default.RolesList);
    }

    private static async Task<IResult> CreateAsync(HttpContext http, RoleStore roles)
    {
        var faults = new RequestFaults();
        var body = await BodyReader.ReadAsync(http, faults, http.RequestAborted);
        var name = NameText.Role(body, "name", faults);
        var permissions = body.OptionalTexts("permissions", NameText.MaxLength);
        if (permissions is null && body.IsPresent) faults.Add("missing", ["body", "permissions"], "Field required");
        for (var index = 0; index < permissions?.Count; index++)
        {
            if (!Permissions.OfRoles.Contains(permissions[index], StringComparer.Ordinal))
                ScalarText.NotOneOf(Permissions.OfRoles, RequestFaults.Element(permissions[index]), ["body", "permissions", index], faults);
        }

        if (faults.Any) return faults.ToResult();
        return (await roles.CreateAsync(http.GetCaller(), name, permissions!, http.RequestAborted))
            .ToResult(row => ApiResults.Json(Answer(row), ApiJson.Default.Role, StatusCodes.Status201Created));
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, string role_name, RoleStore roles) =>
        (await roles.DeleteAsync(http.GetCaller().Organization, role_name, http.RequestAborted)).ToResult(_ => TypedResults.NoContent());

    private static Role Answer(RoleRow row) => new()
    {
        Name = row.Name,
        Permissions = [.. RoleBook.Parse(row.Permissions).Order(StringComparer.Ordinal)],
        IsBuiltIn = false,
        CreatedAt = row.CreatedAt,
    };
}
