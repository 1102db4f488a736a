using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pilothouse.Gateway.Routing;

namespace Pilothouse.Gateway.Forwarding;

/// <summary>The gateway's own answers, in the shape of the API's errors.</summary>
internal static class GatewayAnswers
{
    /// <summary>Id of the revision that answered.</summary>
    public const string RevisionHeader = "X-Pilothouse-Revision";

    public const string NoAgent = "There is no agent at this address.";

    private const string Exposed = $"{RevisionHeader}, Retry-After";

    /// <param name="target">Whose answer it would have been; null when there is none.</param>
    public static Task WriteAsync(HttpContext http, int status, string detail, RouteTarget? target = null)
    {
        var response = http.Response;
        // Pages of any origin may read this, without credentials: else they could not tell a refusal from a network that failed.
        response.Headers.AccessControlAllowOrigin = "*";
        if (CallerKeys.IsPreflight(http.Request) && target?.Route.RequiresKey != false) return AllowAsync(response);

        response.StatusCode = status;
        response.ContentType = "application/json";
        response.Headers.AccessControlExposeHeaders = Exposed;
        if (target is not null) response.Headers[RevisionHeader] = target.Revision;
        if (status == StatusCodes.Status503ServiceUnavailable) response.Headers.RetryAfter = "2";
        return response.WriteAsync($$"""{"detail":{{JsonSerializer.Serialize(detail, GatewayJson.Default.String)}}}""", CancellationToken.None);
    }

    /// <summary>
    /// Lets the page send its request, to whose answer it then has access. Not where a project brings its own auth: whether pages may send
    /// what they like is for it to say, and a key that a page must know is missing.
    /// </summary>
    private static Task AllowAsync(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status204NoContent;
        response.Headers.AccessControlAllowMethods = "*";
        response.Headers.AccessControlAllowHeaders = "*, Authorization";
        response.Headers.AccessControlMaxAge = "0";
        return Task.CompletedTask;
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class GatewayJson : System.Text.Json.Serialization.JsonSerializerContext;
