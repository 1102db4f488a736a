using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Access.Organizations;

/// <summary>The organization, its workspaces, and who the caller is in them; an extension of the contract.</summary>
internal static class WorkspaceEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/access/me", Me).RequireCaller();
        routes.MapGet("/v2/access/organization", OrganizationAsync).RequirePermission(Permissions.ReadWorkspace);
        routes.MapPatch("/v2/access/organization", RenameOrganizationAsync).RequirePermission(Permissions.ManageOrganization);
        routes.MapGet("/v2/access/workspaces", ListAsync).RequirePermission(Permissions.ReadWorkspace);
        routes.MapPost("/v2/access/workspaces", CreateAsync).RequirePermission(Permissions.ManageOrganization);
        routes.MapPatch("/v2/access/workspaces/{workspace_id}", RenameAsync).RequirePermission(Permissions.ManageOrganization);
    }

    private static IResult Me(HttpContext http)
    {
        var caller = http.GetCaller();
        return ApiResults.Json(
            new Me
            {
                OrganizationId = caller.Organization.Value,
                WorkspaceId = caller.Workspace.Value,
                UserId = caller.User,
                ApiKeyId = caller.ApiKey,
                ListenerId = caller.Credential.Listener,
                Name = caller.Credential.Name,
                Role = caller.Role,
                IsOrganizationAdmin = caller.Grant.IsOrganizationAdmin,
                Permissions = [.. Permissions.All.Where(caller.May)],
                ExpiresAt = caller.Credential.ExpiresAt,
            },
            ApiJson.Default.Me);
    }

    private static async Task<IResult> OrganizationAsync(HttpContext http, WorkspaceStore workspaces) =>
        Answer(await workspaces.OrganizationAsync(http.GetCaller().Organization, http.RequestAborted));

    private static async Task<IResult> RenameOrganizationAsync(HttpContext http, WorkspaceStore workspaces)
    {
        var faults = new RequestFaults();
        var name = NameText.Required(await BodyReader.ReadAsync(http, faults, http.RequestAborted), "name", faults);
        if (faults.Any) return faults.ToResult();
        return Answer(await workspaces.RenameAsync(http.GetCaller().Organization, name, http.RequestAborted));
    }

    private static async Task<IResult> ListAsync(HttpContext http, WorkspaceStore workspaces)
    {
        var faults = new RequestFaults();
        var page = Page.Of(new QueryReader(http.Request.Query, faults));
        if (faults.Any) return faults.ToResult();
        var rows = await workspaces.ListAsync(http.GetCaller(), page, http.RequestAborted);
        return ApiResults.Json(new WorkspacesList([.. rows.Select(Answer)], page.Next(rows.Count)), ApiJson.Default.WorkspacesList);
    }

    private static async Task<IResult> CreateAsync(HttpContext http, WorkspaceStore workspaces)
    {
        var faults = new RequestFaults();
        var name = NameText.Required(await BodyReader.ReadAsync(http, faults, http.RequestAborted), "name", faults);
        if (faults.Any) return faults.ToResult();
        return (await workspaces.CreateAsync(http.GetCaller().Organization, name, http.RequestAborted))
            .ToResult(row => ApiResults.Json(Answer(row), ApiJson.Default.Workspace, StatusCodes.Status201Created));
    }

    private static async Task<IResult> RenameAsync(HttpContext http, WorkspaceStore workspaces)
    {
        var faults = new RequestFaults();
        var id = faults.PathGuid(http, "workspace_id");
        var name = NameText.Required(await BodyReader.ReadAsync(http, faults, http.RequestAborted), "name", faults);
        if (faults.Any) return faults.ToResult();
        return (await workspaces.RenameAsync(http.GetCaller().Organization, id, name, http.RequestAborted))
            .ToResult(row => ApiResults.Json(Answer(row), ApiJson.Default.Workspace));
    }

    private static Workspace Answer(WorkspaceRow row) => new() { Id = row.Id, Name = row.Name, CreatedAt = row.CreatedAt };

    private static IResult Answer(OrganizationRow row) =>
        ApiResults.Json(new OrganizationAnswer { Id = row.Id, Name = row.Name, CreatedAt = row.CreatedAt }, ApiJson.Default.OrganizationAnswer);
}
