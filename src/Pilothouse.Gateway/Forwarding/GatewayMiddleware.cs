using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Pilothouse.Core.Routing;
using Pilothouse.Gateway.Routing;

namespace Pilothouse.Gateway.Forwarding;

/// <summary>Finds the deployment that a request is for and checks the caller; the rest of the path is the agent's.</summary>
internal sealed class GatewayMiddleware(
    RequestDelegate next, RouteTable routes, AgentForwarder forwarder, ICallerCheck callers, IOptions<GatewayOptions> options)
{
    private const string PathPrefix = "/lgp/";
    private const string KeyHeader = "X-Api-Key";
    private const string Bearer = "Bearer ";

    private readonly string? _domainSuffix = options.Value.Domain is { Length: > 0 } domain ? $".{domain.TrimStart('.')}" : null;

    public Task InvokeAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "";
        if (path.StartsWith(PathPrefix, StringComparison.OrdinalIgnoreCase))
        {
            var end = path.IndexOf('/', PathPrefix.Length);
            var label = end < 0 ? path[PathPrefix.Length..] : path[PathPrefix.Length..end];
            return ForAgentAsync(http, label, end < 0 ? "/" : path[end..], $"{PathPrefix}{label}");
        }

        return Label(http.Request.Host.Host) is { } host ? ForAgentAsync(http, host, path.Length == 0 ? "/" : path, prefix: "") : next(http);
    }

    /// <summary>Null when the host is no label below the wildcard domain.</summary>
    private string? Label(string host)
    {
        if (_domainSuffix is null || !host.EndsWith(_domainSuffix, StringComparison.OrdinalIgnoreCase)) return null;
        var label = host[..^_domainSuffix.Length];
        return label.Length == 0 || label.Contains('.', StringComparison.Ordinal) ? null : label;
    }

    private async Task ForAgentAsync(HttpContext http, string label, string path, string prefix)
    {
        if (routes.FindByLabel(label) is not { Target: { } target } lane || IsPrivate(path))
        {
            await GatewayAnswers.WriteAsync(http, StatusCodes.Status404NotFound, "There is no agent at this address.");
            return;
        }

        var credential = new Credential(null, IsBearer: false);
        if (target.Route.RequiresKey && !IsPreflight(http.Request))
        {
            credential = Read(http.Request.Headers);
            if (!await callers.MayCallAsync(target.Route.Workspace, credential.Key, http.RequestAborted))
            {
                await RefuseAsync(http, target, credential.Key is null);
                return;
            }
        }

        try
        {
            await forwarder.ForwardAsync(http, lane, new AgentRequest(path, prefix, credential));
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to answer.
        }
    }

    private static async Task RefuseAsync(HttpContext http, RouteTarget target, bool isMissing)
    {
        http.Response.Headers[GatewayAnswers.RevisionHeader] = target.Revision;
        if (isMissing)
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
            await GatewayAnswers.WriteAsync(
                http, StatusCodes.Status401Unauthorized, "This agent needs an API key of its workspace: send it in the X-Api-Key header.");
            return;
        }

        await GatewayAnswers.WriteAsync(
            http, StatusCodes.Status403Forbidden, "This API key does not reach this agent: it is unknown, expired, revoked or of another workspace.");
    }

    /// <summary>The agent server's answers to us, which no caller may ask for; the path is decoded already.</summary>
    private static bool IsPrivate(string path) => path.AsSpan().TrimStart("/\\.").StartsWith("pilothouse", StringComparison.OrdinalIgnoreCase)
        && path.Contains(".pilothouse", StringComparison.OrdinalIgnoreCase);

    /// <summary>Browsers send no credentials with it (Fetch standard, "CORS-preflight fetch"); it starts nothing.</summary>
    private static bool IsPreflight(HttpRequest request) =>
        HttpMethods.IsOptions(request.Method) && request.Headers.ContainsKey(HeaderNames.AccessControlRequestMethod);

    private static Credential Read(IHeaderDictionary headers)
    {
        if (Last(headers[KeyHeader]) is { Length: > 0 } key) return new Credential(key, IsBearer: false);
        return Last(headers.Authorization) is { } line && line.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? new Credential(line[Bearer.Length..].Trim(), IsBearer: true)
            : new Credential(null, IsBearer: false);
    }

    private static string? Last(StringValues lines) => lines.Count == 0 ? null : lines[^1];
}

/// <param name="Key">What the gateway checked; null when it checked none.</param>
/// <param name="IsBearer">It came as <c>Authorization: Bearer</c>, else as <c>X-Api-Key</c>.</param>
internal readonly record struct Credential(string? Key, bool IsBearer);

/// <param name="Path">For the agent server, decoded.</param>
/// <param name="Prefix">What was in front of it; empty when the host named the agent.</param>
internal readonly record struct AgentRequest(string Path, string Prefix, Credential Credential);
