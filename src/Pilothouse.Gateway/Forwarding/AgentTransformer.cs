using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Pilothouse.Gateway.Forwarding;

/// <summary>One request on its way to a replica.</summary>
internal sealed class AgentTransformer(AgentRequest agent, string revision) : HttpTransformer
{
    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        var request = httpContext.Request;
        proxyRequest.RequestUri = RequestUtilities.MakeDestinationAddress(destinationPrefix, agent.Path, request.QueryString);

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
        return hasBody;
    }

    private static void Replace(System.Net.Http.Headers.HttpRequestHeaders headers, string name, string value)
    {
        headers.Remove(name);
        headers.TryAddWithoutValidation(name, value);
    }
}
