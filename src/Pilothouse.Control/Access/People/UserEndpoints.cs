using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Access.People;

/// <summary>The people of the organization; an extension of the contract.</summary>
internal static class UserEndpoints
{
    private const int MaxSubjectLength = 255;
    private const string Admin = "admin";
    private const string Member = "member";
    private static readonly string[] s_organizationRoles = [Admin, Member];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/access/users", ListAsync).RequirePermission(Permissions.ManageMembers);
        routes.MapPost("/v2/access/users", CreateAsync).RequirePermission(Permissions.ManageOrganization);
        routes.MapGet("/v2/access/users/{user_id}", GetAsync).RequirePermission(Permissions.ManageMembers);
        routes.MapPatch("/v2/access/users/{user_id}", PatchAsync).RequirePermission(Permissions.ManageOrganization);
    }

    private static async Task<IResult> ListAsync(HttpContext http, UserStore users)
    {
        var faults = new RequestFaults();
        var query = new QueryReader(http.Request.Query, faults);
        var page = Page.Of(query);
        if (faults.Any) return faults.ToResult();
        var rows = await users.ListAsync(http.GetCaller().Organization, query.OptionalText("email"), page, http.RequestAborted);
        return ApiResults.Json(new UsersList([.. rows.Select(Answer)], page.Next(rows.Count)), ApiJson.Default.UsersList);
    }

    private static async Task<IResult> CreateAsync(HttpContext http, UserStore users)
    {
        var faults = new RequestFaults();
        var body = await BodyReader.ReadAsync(http, faults, http.RequestAborted);
        var email = NameText.Email(body, "email", isRequired: true, faults) ?? "";
        var wish = new UserWish(
            email,
            NameText.Optional(body, "name", faults) ?? email,
            body.OptionalText("issuer", MaxSubjectLength),
            body.OptionalText("subject", MaxSubjectLength) is { Length: > 0 } subject ? subject : null,
            body.OptionalChoice("organization_role", s_organizationRoles) is Admin);
        if (faults.Any) return faults.ToResult();
        var created = await users.CreateAsync(http.GetCaller().Organization, wish, http.RequestAborted);
        return created.ToResult(row => ApiResults.Json(Answer(row), ApiJson.Default.User, StatusCodes.Status201Created));
    }

    private static async Task<IResult> GetAsync(HttpContext http, UserStore users)
    {
        var faults = new RequestFaults();
        var id = faults.PathGuid(http, "user_id");
        if (faults.Any) return faults.ToResult();
        return await users.FindAsync(http.GetCaller().Organization, id, http.RequestAborted) is { } row
            ? ApiResults.Json(Answer(row), ApiJson.Default.User)
            : ApiResults.Refused(AccessRefusals.UserNotFound(id));
    }

    private static async Task<IResult> PatchAsync(HttpContext http, UserStore users)
    {
        var faults = new RequestFaults();
        var id = faults.PathGuid(http, "user_id");
        var body = await BodyReader.ReadAsync(http, faults, http.RequestAborted);
        var change = new UserChange(
            NameText.Email(body, "email", isRequired: false, faults),
            NameText.Optional(body, "name", faults),
            body.OptionalChoice("organization_role", s_organizationRoles) is { } role ? role is Admin : null,
            body.OptionalBool("is_disabled"));
        if (faults.Any) return faults.ToResult();
        var changed = await users.ChangeAsync(http.GetCaller().Organization, id, change, http.RequestAborted);
        return changed.ToResult(row => ApiResults.Json(Answer(row), ApiJson.Default.User));
    }

    private static User Answer(UserRow row) => new()
    {
        Id = row.Id,
        Email = row.Email,
        Name = row.Name,
        Issuer = row.Issuer,
        Subject = row.Subject,
        OrganizationRole = row.IsOrganizationAdmin ? Admin : Member,
        IsDisabled = row.DisabledAt is not null,
        CreatedAt = row.CreatedAt,
    };
}
