using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Pilothouse.Contracts;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Overload;

namespace Pilothouse.Control.Uploads;

internal static class UploadEndpoints
{
    /// <summary>A phone's uplink may pause that long; below the rate a connection only holds a place.</summary>
    private static readonly MinDataRate s_slowest = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(30));

    public static void MapUploads(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v2/deployments/{deployment_id}/upload-url", CreateUrlAsync).RequirePermission(Permissions.Update);
        routes.MapPost("/v2/deployments/{deployment_id}/push-token", PushTokenAsync).RequirePermission(Permissions.Update);

        // The limit is enforced while the body is read, and answered in our words.
        routes.MapPut("/uploads/{token}", ReceiveAsync).WithMetadata(new NoServerLimit()).AllowAnybody("The URL is the permission.");
    }

    private static async Task<IResult> CreateUrlAsync(HttpContext http, CreateUploadUrl createUploadUrl, PublicAddress address)
    {
        var faults = new RequestFaults();
        var deployment = faults.PathGuid(http, "deployment_id");
        var body = await BodyReader.ReadOptionalAsync(http, faults, http.RequestAborted);
        body?.OptionalBool("supports_upload_headers");
        if (faults.Any) return faults.ToResult();
        var url = await createUploadUrl.RunAsync(http.GetCaller().Workspace, deployment, address.Of(http.Request), http.RequestAborted);
        return url.ToResult(value => ApiResults.Json(value, ApiJson.Default.UploadUrl));
    }

    private static async Task<IResult> PushTokenAsync(HttpContext http, RefusePushToken refusePushToken)
    {
        var faults = new RequestFaults();
        var deployment = faults.PathGuid(http, "deployment_id");
        var body = await BodyReader.ReadOptionalAsync(http, faults, http.RequestAborted);
        body?.OptionalBool("supports_registry_username");
        if (faults.Any) return faults.ToResult();
        return ApiResults.Refused(await refusePushToken.RunAsync(http.GetCaller().Workspace, deployment, http.RequestAborted));
    }

    private static async Task<IResult> ReceiveAsync(HttpContext http, string token, ReceiveUpload receiveUpload, RequestRoom room)
    {
        using var place = room.TryUpload(http, out var full);
        if (place is null) return full!;
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate && HttpProtocol.IsHttp11(http.Request.Protocol))
            rate.MinDataRate = s_slowest;
        var taken = await receiveUpload.RunAsync(token, http.Request, http.RequestAborted);
        return taken.ToResult(_ => TypedResults.Ok());
    }

    private sealed class NoServerLimit : IRequestSizeLimitMetadata
    {
        public long? MaxRequestBodySize => null;
    }
}
