using System.Collections.Frozen;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Forwarder;

namespace Pilothouse.Gateway.Forwarding;

/// <summary>One request on its way to a replica.</summary>
internal sealed class AgentTransformer(AgentTarget agent, Withheld withheld, string revision) : HttpTransformer
{
    /// <summary>What proxies say of where a request came from.</summary>
    private static readonly FrozenSet<string> s_claims = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Forwarded-Port", "X-Forwarded-Server",
        "X-Forwarded-Ssl", "X-Forwarded-Scheme", "X-Original-For", "X-Original-Host", "X-Original-Proto", "X-Real-IP", "X-Client-IP", "True-Client-IP");

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        var request = httpContext.Request;
        proxyRequest.RequestUri = agent.At(destinationPrefix, request.QueryString);

        var headers = proxyRequest.Headers;
        headers.Host = null;
        // The key was for us and opens the control plane too: an agent, which runs other people's packages, must not learn it.
        if (withheld.HasFlag(Withheld.ApiKey)) headers.Remove("X-Api-Key");
        if (withheld.HasFlag(Withheld.Authorization)) headers.Remove("Authorization");
        if (request.Headers.Connection.Count > 0) RemoveNamed(headers, request.Headers.Connection);

        // Where a request came from is what we see, never what a caller claims. A proxy that is trusted has set the connection right before us
        // (the framework's forwarded headers), and its values are not told twice.
        RemoveClaims(headers);
        headers.TryAddWithoutValidation("X-Forwarded-For", httpContext.Connection.RemoteIpAddress?.ToString() ?? "unknown");
        headers.TryAddWithoutValidation("X-Forwarded-Proto", request.Scheme);
        if (request.Host.HasValue) headers.TryAddWithoutValidation("X-Forwarded-Host", request.Host.Value);
        if (agent.Prefix.Length > 0) headers.TryAddWithoutValidation("X-Forwarded-Prefix", agent.Prefix);
    }

    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        var hasBody = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        httpContext.Response.Headers[GatewayAnswers.RevisionHeader] = revision;

        // A stream's caller must see that it began, long before its first event.
        if (hasBody && proxyResponse is { Content.Headers.ContentLength: null } && proxyResponse.StatusCode != System.Net.HttpStatusCode.SwitchingProtocols)
            await httpContext.Response.Body.FlushAsync(cancellationToken);
        return hasBody;
    }

    /// <summary>What <c>Connection</c> names is for this connection only (RFC 9110, 7.6.1). Beside <c>close</c> Kestrel leaves no names.</summary>
    private static void RemoveNamed(HttpRequestHeaders headers, StringValues connection)
    {
        foreach (var line in connection)
        {
            if (line is null || IsUsual(line)) continue;
            foreach (var name in line.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                if (!IsUsual(name) && headers.NonValidated.Contains(name)) headers.Remove(name);
        }
    }

    private static bool IsUsual(string option) =>
        option.Equals("keep-alive", StringComparison.OrdinalIgnoreCase) || option.Equals("close", StringComparison.OrdinalIgnoreCase)
        || option.Equals("upgrade", StringComparison.OrdinalIgnoreCase);

    private static void RemoveClaims(HttpRequestHeaders headers)
    {
        List<string>? found = null;
        foreach (var (name, _) in headers.NonValidated)
            if (name[0] is 'X' or 'x' or 'F' or 'f' or 'T' or 't' && s_claims.Contains(name)) (found ??= []).Add(name);
        foreach (var name in found ?? []) headers.Remove(name);
    }
}
