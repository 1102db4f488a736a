using Microsoft.AspNetCore.Http;
using Pilothouse.Control.Uploads;

namespace Pilothouse.Control.AuthService;

/// <summary>
/// Where providers send users back to: <c>{public address}/api-host/v2/auth/callback/{provider_id}</c>, however the caller reached the API, since it is
/// registered at the provider to the letter. Each provider has an address of its own, so that a code says whose it is.
/// </summary>
internal sealed class CallbackAddress(PublicAddress address)
{
    public string Of(HttpRequest request, string slug)
    {
        var root = address.Configured ?? $"{request.Scheme}://{request.Host.ToUriComponent()}";
        return $"{root}{ControlFeature.ApiPrefix}/v2/auth/callback/{slug}";
    }
}
