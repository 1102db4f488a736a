using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Pilothouse.Control.Access;

/// <summary>An endpoint says neither which permission it asks for nor that anybody may call it.</summary>
public sealed class UnguardedEndpointException(IReadOnlyList<string> endpoints) : Exception(
    $"Nothing says who may call {string.Join(", ", endpoints)}: put RequirePermission or AllowAnybody on each.");

/// <summary>Everything that was mapped beside and by the control plane. Denied by default: what says nothing is not served.</summary>
internal sealed class MappedEndpoints
{
    private ICollection<EndpointDataSource> _sources = [];

    public IReadOnlyList<Endpoint> All => [.. _sources.SelectMany(source => source.Endpoints)];

    /// <summary>Also what is mapped after this call counts.</summary>
    public void Watch(IEndpointRouteBuilder routes) => _sources = routes.DataSources;

    /// <exception cref="UnguardedEndpointException">Names each endpoint without a word on who may call it.</exception>
    public void Check()
    {
        var open = All
            .Where(endpoint => endpoint.Metadata.GetMetadata<RequiredPermission>() is null && endpoint.Metadata.GetMetadata<OpenToAnybody>() is null)
            .Select(NameOf)
            .ToList();
        if (open.Count > 0) throw new UnguardedEndpointException(open);
    }

    /// <summary>E.g. <c>GET /v2/deployments</c>.</summary>
    public static string NameOf(Endpoint endpoint)
    {
        var methods = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [];
        return endpoint is RouteEndpoint route
            ? $"{(methods.Count == 0 ? "*" : string.Join('|', methods))} {route.RoutePattern.RawText}"
            : endpoint.DisplayName ?? "an endpoint without a name";
    }
}
