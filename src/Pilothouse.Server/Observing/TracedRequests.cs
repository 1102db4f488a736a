using System.Diagnostics;
using Microsoft.Extensions.Options;
using Pilothouse.Core.Routing;

namespace Pilothouse.Server.Observing;

/// <summary>Which requests are spans, and what of them is kept.</summary>
internal static class TracedRequests
{
    /// <summary>
    /// Those of the API. Requests for agents are not: their callers and agents trace them, <c>traceparent</c> goes through untouched, and the
    /// gateway's meter counts them.
    /// </summary>
    public static bool IsTraced(HttpContext http)
    {
        if (http.Request.Path.Value is "/healthz" or "/readyz" or "/ok" or "/metrics") return false;
        if (http.Request.Path.StartsWithSegments("/lgp", StringComparison.OrdinalIgnoreCase)) return false;
        var agents = http.RequestServices.GetRequiredService<IOptions<AgentUrlOptions>>().Value;
        var host = http.Request.Host.Host;
        return agents.DomainName is not { } domain || string.Equals(host, agents.OwnHost, StringComparison.OrdinalIgnoreCase)
            || !host.EndsWith($".{domain}", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Some paths and queries are permissions (uploads, consents): what is kept is the route.</summary>
    public static void Generalize(Activity activity, HttpContext http)
    {
        activity.SetTag("url.path", (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText);
        activity.SetTag("url.query", null);
    }
}
