using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Events;

/// <summary>What happened to a deployment or to one of its revisions, oldest first; an extension of the contract.</summary>
internal static class EventEndpoints
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1_000;

    public static void MapEvents(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/deployments/{deployment_id}/events", GetAsync).RequirePermission(Permissions.Read);
        routes.MapGet("/v2/deployments/{deployment_id}/revisions/{revision_id}/events", GetAsync).RequirePermission(Permissions.Read);
    }

    private static async Task<IResult> GetAsync(HttpContext http, IDbContextFactory<PilothouseDb> databases)
    {
        var faults = new RequestFaults();
        var query = new QueryReader(http.Request.Query, faults);
        var deployment = faults.PathGuid(http, "deployment_id");
        Guid? revision = http.Request.RouteValues.ContainsKey("revision_id") ? faults.PathGuid(http, "revision_id") : null;
        var limit = query.Int("limit", DefaultLimit, 1, MaxLimit);
        var after = After(query.OptionalText("after"), faults);
        if (faults.Any) return faults.ToResult();

        var workspace = http.GetCaller().Workspace.Value;
        await using var db = await databases.CreateDbContextAsync(http.RequestAborted);
        var exists = revision is { } id
            ? await db.Revisions.AnyAsync(row => row.Id == id && row.DeploymentId == deployment && row.WorkspaceId == workspace, http.RequestAborted)
            : await db.Deployments.AnyAsync(row => row.Id == deployment && row.WorkspaceId == workspace, http.RequestAborted);
        if (!exists) return ApiResults.Refused(ApiResults.DeploymentNotFound(deployment));

        var rows = await db.Events.AsNoTracking()
            .Where(row => row.WorkspaceId == workspace && row.DeploymentId == deployment && row.Sequence > after)
            .Where(row => revision == null || row.RevisionId == revision)
            .OrderBy(row => row.Sequence)
            .Take(limit)
            .ToListAsync(http.RequestAborted);
        return ApiResults.Json(new RevisionEventsList([.. rows.Select(Answer)]), ApiJson.Default.RevisionEventsList);
    }

    private static long After(string? text, RequestFaults faults)
    {
        if (text is null) return 0;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var after)) return after;
        faults.Add(
            "int_parsing", ["query", "after"], "Input should be a valid integer, unable to parse string as an integer", RequestFaults.Element(text));
        return 0;
    }

    private static RevisionEvent Answer(EventRow row) => new(
        row.Sequence, row.DeploymentId, row.RevisionId, row.At, row.Kind, row.Message, row.Data is { } data ? Parse(data) : null);

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
