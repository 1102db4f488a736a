using Microsoft.AspNetCore.Builder;

namespace Pilothouse.Control.Access;

/// <summary>Endpoints that ask for no key. Every other one asks for a permission: the control plane does not start with one that says neither.</summary>
public static class OpenEndpoints
{
    /// <param name="reason">Why nobody needs a key here, e.g. <c>The URL is the permission.</c></param>
    public static TBuilder AllowAnybody<TBuilder>(this TBuilder builder, string reason)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        return builder.WithMetadata(new OpenToAnybody(reason));
    }
}

/// <summary>Metadata of an endpoint without a key.</summary>
internal sealed record OpenToAnybody(string Reason);

/// <summary>Metadata of an endpoint whose caller must be known.</summary>
/// <param name="Permission">A constant of <see cref="Permissions"/>; null: every caller with a good key may.</param>
internal sealed record RequiredPermission(string? Permission);
