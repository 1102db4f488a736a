using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Pilothouse.Contracts;
using Pilothouse.Core.Observing;

namespace Pilothouse.Control.Errors;

internal static class VersionHeader
{
    /// <summary>E.g. <c>0.3.0</c>; without the commit that follows a plus sign.</summary>
    private static readonly string s_version = (typeof(VersionHeader).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0")
        .Split('+')[0];

    /// <summary>Tells clients whom they speak to: <see cref="ApiHeaders.Version"/>.</summary>
    public static IApplicationBuilder UseVersionHeader(this IApplicationBuilder app) => app.Use(next => http =>
    {
        http.Response.Headers[ApiHeaders.Version] = s_version;
        if (RevisionTrace.Now is { } trace) http.Response.Headers[ApiHeaders.TraceResponse] = trace;
        return next(http);
    });
}
