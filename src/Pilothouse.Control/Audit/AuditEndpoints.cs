using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Access;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Audit;

/// <summary>Who changed what; an extension of the contract.</summary>
internal static class AuditEndpoints
{
    private static readonly string[] s_scopes = ["workspace", "organization"];

    public static void MapAudit(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v2/access/audit-log", ListAsync).RequirePermission(Permissions.ReadAudit);

    private static async Task<IResult> ListAsync(HttpContext http, ReadAudit read)
    {
        var faults = new RequestFaults();
        var query = new QueryReader(http.Request.Query, faults);
        var wanted = new AuditQuery
        {
            IsOfOrganization = query.OptionalChoice("scope", s_scopes) is "organization",
            From = InstantText.Optional(query, "start_time", faults),
            Until = InstantText.Optional(query, "end_time", faults),
            Actor = query.OptionalUuid("actor_id"),
            Operation = query.OptionalText("operation"),
            ResourceType = query.OptionalText("resource_type"),
            ResourceId = query.OptionalText("resource_id"),
            Outcome = query.OptionalChoice("outcome", AuditOutcomes.All),
            Page = Page.Of(query),
        };
        if (faults.Any) return faults.ToResult();
        var caller = http.GetCaller();
        if (wanted.IsOfOrganization && !caller.Grant.IsOrganizationAdmin)
            return ApiResults.Refused(new Rejection(Codes.Forbidden, "Only administrators of the organization read the audit log of all its workspaces."));
        var rows = await read.ListAsync(caller, wanted, http.RequestAborted);
        return ApiResults.Json(new AuditEntriesList([.. rows.Select(Answer)], wanted.Page.Next(rows.Count)), ApiJson.Default.AuditEntriesList);
    }

    private static AuditEntry Answer(AuditRow row) => new()
    {
        Sequence = row.Sequence,
        At = row.At,
        WorkspaceId = row.WorkspaceId,
        UserId = row.UserId,
        ApiKeyId = row.ApiKeyId,
        ActorName = row.ActorName,
        Operation = row.Operation,
        ResourceType = row.ResourceType,
        ResourceId = row.ResourceId,
        Outcome = row.Outcome,
        Status = row.Status,
        RequestId = row.RequestId,
        RemoteAddress = row.RemoteAddress,
    };
}
