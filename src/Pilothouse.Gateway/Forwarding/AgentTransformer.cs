using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Pilothouse.Gateway.Forwarding;

/// <summary>One request on its way to a replica.</summary>
internal sealed class AgentTransformer(AgentRequest agent, string revision) : HttpTransformer
{
    /// <summary><c>%2F</c> in a key of the store is not a slash: escapes arrive as they were sent.</summary>
    private static readonly UriCreationOptions s_asItIs = new() { DangerousDisablePathAndQueryCanonicalization = true };

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        var request = httpContext.Request;
        proxyRequest.RequestUri = agent.RawPath is { } raw
            ? new Uri($"{destinationPrefix}{raw}{request.QueryString.Value}", s_asItIs)
            : RequestUtilities.MakeDestinationAddress(destinationPrefix, agent.Path, request.QueryString);

        var headers = proxyRequest.Headers;
        headers.Host = null;
        // The key was for us and opens the control plane too: an agent, which runs other people's packages, must not learn it.
        if (agent.Credential.Key is not null) headers.Remove(agent.Credential.IsBearer ? "Authorization" : "X-Api-Key");

        Replace(headers, "X-Forwarded-For", httpContext.Connection.RemoteIpAddress?.ToString() ?? "unknown");
        Replace(headers, "X-Forwarded-Proto", request.Scheme);
        if (request.Host.HasValue) Replace(headers, "X-Forwarded-Host", request.Host.Value!);
        if (agent.Prefix.Length > 0) Replace(headers, "X-Forwarded-Prefix", agent.Prefix);
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

    private static void Replace(System.Net.Http.Headers.HttpRequestHeaders headers, string name, string value)
    {
        headers.Remove(name);
        headers.TryAddWithoutValidation(name, value);
    }
}
