using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Access;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Access.People;

/// <summary>Who is in the workspace; an extension of the contract.</summary>
internal static class MemberEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/access/members", ListAsync).RequirePermission(Permissions.ReadWorkspace);
        routes.MapPut("/v2/access/members/{user_id}", SetAsync).RequirePermission(Permissions.ManageMembers);
        routes.MapDelete("/v2/access/members/{user_id}", RemoveAsync).RequirePermission(Permissions.ManageMembers);
    }

    private static async Task<IResult> ListAsync(HttpContext http, MemberStore members)
    {
        var faults = new RequestFaults();
        var page = Page.Of(new QueryReader(http.Request.Query, faults));
        if (faults.Any) return faults.ToResult();
        var rows = await members.ListAsync(http.GetCaller().Workspace, page, http.RequestAborted);
        return ApiResults.Json(new MembersList([.. rows.Select(Answer)], page.Next(rows.Count)), ApiJson.Default.MembersList);
    }

    private static async Task<IResult> SetAsync(HttpContext http, MemberStore members)
    {
        var faults = new RequestFaults();
        var user = faults.PathGuid(http, "user_id");
        var role = (await BodyReader.ReadAsync(http, faults, http.RequestAborted)).Text("role", NameText.MaxLength);
        if (faults.Any) return faults.ToResult();
        return (await members.SetAsync(http.GetCaller(), user, role, http.RequestAborted))
            .ToResult(rows => ApiResults.Json(Answer(rows), ApiJson.Default.Member));
    }

    private static async Task<IResult> RemoveAsync(HttpContext http, MemberStore members)
    {
        var faults = new RequestFaults();
        var user = faults.PathGuid(http, "user_id");
        if (faults.Any) return faults.ToResult();
        return (await members.RemoveAsync(http.GetCaller(), user, http.RequestAborted)).ToResult(_ => TypedResults.NoContent());
    }

    private static Member Answer(MemberRows rows) => new()
    {
        UserId = rows.User.Id,
        Email = rows.User.Email,
        Name = rows.User.Name,
        Role = rows.Membership.Role,
        IsDisabled = rows.User.DisabledAt is not null,
        CreatedAt = rows.Membership.CreatedAt,
    };
}
