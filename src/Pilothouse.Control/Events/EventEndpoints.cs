using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Events;

/// <summary>What happened to a deployment or to one of its revisions, oldest first, as a list or as a stream; an extension of the contract.</summary>
internal static class EventEndpoints
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1_000;

    public static void MapEvents(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/deployments/{deployment_id}/events", GetAsync).RequirePermission(Permissions.Read);
        routes.MapGet("/v2/deployments/{deployment_id}/revisions/{revision_id}/events", GetAsync).RequirePermission(Permissions.Read);
    }

    private static async Task<IResult> GetAsync(HttpContext http, EventReader reader, EventStream stream)
    {
        var faults = new RequestFaults();
        var query = new QueryReader(http.Request.Query, faults);
        var deployment = faults.PathGuid(http, "deployment_id");
        Guid? revision = http.Request.RouteValues.ContainsKey("revision_id") ? faults.PathGuid(http, "revision_id") : null;
        var limit = query.Int("limit", DefaultLimit, 1, MaxLimit);
        var after = After(query.OptionalText("after"), ["query", "after"], faults);
        var isStream = PrefersStream(http.Request);

        // A client that was cut off comes again to the same address, so that what it saw last counts.
        if (http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last)
        {
            var seen = After(last, ["header", "Last-Event-ID"], faults);
            if (isStream) after = seen;
        }

        if (faults.Any) return faults.ToResult();

        var of = new EventsOf(http.GetCaller().Workspace, deployment, revision);
        http.Response.Headers.Append("Vary", "Accept");
        if (isStream) return await stream.RunAsync(http, of, after, http.RequestAborted);
        return await reader.AfterAsync(of, after, limit, http.RequestAborted) is { } events
            ? ApiResults.Json(new RevisionEventsList(events), ApiJson.Default.RevisionEventsList)
            : ApiResults.Refused(ApiResults.DeploymentNotFound(deployment));
    }

    /// <summary>The stream must be named; of equals, the first in the header.</summary>
    private static bool PrefersStream(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParseList([.. request.Headers.Accept.OfType<string>()], out var accepted)) return false;
        var best = accepted.OrderByDescending(type => type.Quality ?? 1).FirstOrDefault();
        return best is { Quality: not 0 } && best.MediaType.Equals(EventStream.ContentType, StringComparison.OrdinalIgnoreCase);
    }

    private static long After(string? text, IReadOnlyList<object> location, RequestFaults faults)
    {
        if (text is null) return 0;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var after)) return after;
        faults.Add(
            "int_parsing", location, "Input should be a valid integer, unable to parse string as an integer", RequestFaults.Element(text));
        return 0;
    }
}
