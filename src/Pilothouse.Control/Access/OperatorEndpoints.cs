using Microsoft.AspNetCore.Builder;

namespace Pilothouse.Control.Access;

/// <summary>Endpoints about the process itself, which its host maps beside the control plane's.</summary>
public static class OperatorEndpoints
{
    /// <summary>Asks for a key with the permission <c>metrics:read</c>.</summary>
    public static TBuilder RequireMetricsReader<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.RequirePermission(Permissions.ReadMetrics);
}
