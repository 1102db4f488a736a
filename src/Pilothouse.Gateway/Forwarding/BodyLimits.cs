using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Pilothouse.Gateway.Forwarding;

/// <summary>What Kestrel asks of a request for the API is not asked of one for an agent, which may be large, slow and long.</summary>
internal static class BodyLimits
{
    public static void Lift(HttpContext http, GatewayOptions options)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = options.MaxBodyBytes;
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } upload) upload.MinDataRate = null;
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } download) download.MinDataRate = null;
    }
}
