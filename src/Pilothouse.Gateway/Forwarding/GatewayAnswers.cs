using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Pilothouse.Gateway.Forwarding;

/// <summary>The gateway's own answers, in the shape of the API's errors.</summary>
internal static class GatewayAnswers
{
    /// <summary>Id of the revision that answered.</summary>
    public const string RevisionHeader = "X-Pilothouse-Revision";

    public static Task WriteAsync(HttpContext http, int status, string detail)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        if (status == StatusCodes.Status503ServiceUnavailable) http.Response.Headers.RetryAfter = "2";
        return http.Response.WriteAsync($$"""{"detail":{{JsonSerializer.Serialize(detail, GatewayJson.Default.String)}}}""", CancellationToken.None);
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class GatewayJson : System.Text.Json.Serialization.JsonSerializerContext;
