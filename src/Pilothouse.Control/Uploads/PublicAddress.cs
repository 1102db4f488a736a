using Microsoft.AspNetCore.Http;

namespace Pilothouse.Control.Uploads;

/// <summary>Where the control plane is for the world.</summary>
/// <param name="Configured"><c>Gateway:PublicUrl</c> without a slash at its end; null: as the caller reached it.</param>
internal sealed record PublicAddress(string? Configured)
{
    public string Of(HttpRequest request) => Configured ?? $"{request.Scheme}://{request.Host.ToUriComponent()}{request.PathBase.ToUriComponent()}";
}
