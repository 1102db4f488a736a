using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Pilothouse.Core.Routing;
using Pilothouse.Gateway.Routing;

namespace Pilothouse.Gateway.Forwarding;

/// <summary>Finds the deployment that a request is for and checks the caller; the rest of the path is the agent's.</summary>
internal sealed class GatewayMiddleware(
    RequestDelegate next, RouteTable routes, AgentForwarder forwarder, ICallerCheck callers, IOptions<AgentUrlOptions> options)
{
    private const string PathPrefix = "/lgp/";
    private const string KeyHeader = "X-Api-Key";
    private const string Bearer = "Bearer ";

    /// <summary>Ports do not count: a proxy in front may have another than we.</summary>
    private readonly string? _domainSuffix = options.Value.Domain is { Length: > 0 } domain ? $".{domain.Split(':')[0]}" : null;

    public Task InvokeAsync(HttpContext http) => Thread.CurrentThread.IsThreadPoolThread ? FindAsync(http) : FromPoolAsync(http);

    /// <summary>The answer before this request was sent by the thread that watches sockets, which may not block; a handler may.</summary>
    private async Task FromPoolAsync(HttpContext http)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await FindAsync(http);
    }

    private Task FindAsync(HttpContext http)
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
            var keys = Read(http.Request.Headers);
            if (!await MayCallAsync(target, keys, http.RequestAborted))
            {
                await RefuseAsync(http, target, keys.Count == 0);
                return;
            }

            credential = keys[^1];
        }

        try
        {
            await forwarder.ForwardAsync(http, lane, new AgentRequest(path, RawPath(http, prefix), prefix, credential));
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

    /// <summary>Of several different keys all must open: some clients send their own line beside the configured one.</summary>
    private async ValueTask<bool> MayCallAsync(RouteTarget target, IReadOnlyList<Credential> keys, CancellationToken cancellationToken)
    {
        foreach (var credential in keys)
            if (!await callers.MayCallAsync(target.Route.Workspace, credential.Key, cancellationToken)) return false;
        return keys.Count > 0;
    }

    /// <summary>The agent server's answers to us, which no caller may ask for, however often it is escaped.</summary>
    private static bool IsPrivate(string path)
    {
        for (var depth = 0; depth < 5; depth++)
        {
            if (path.Contains(".pilothouse", StringComparison.OrdinalIgnoreCase)) return true;
            var plain = Uri.UnescapeDataString(path);
            if (string.Equals(plain, path, StringComparison.Ordinal)) return false;
            path = plain;
        }

        return true;
    }

    /// <summary>The path as it was sent, behind the prefix; null where it was not plain, and the decoded one counts.</summary>
    private static string? RawPath(HttpContext http, string prefix)
    {
        var raw = http.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var end = raw.IndexOf('?', StringComparison.Ordinal);
        if (end >= 0) raw = raw[..end];
        if (!raw.StartsWith('/') || !raw.StartsWith(prefix, StringComparison.Ordinal) || raw.AsSpan().ContainsAny('\\', '#')) return null;
        var path = raw[prefix.Length..];
        return path.StartsWith('/') && !path.Contains("/.", StringComparison.Ordinal) && !path.Contains("//", StringComparison.Ordinal)
            && !path.Contains("%2e", StringComparison.OrdinalIgnoreCase) ? path : null;
    }

    /// <summary>Browsers send no credentials with it (Fetch standard, "CORS-preflight fetch"); it starts nothing.</summary>
    private static bool IsPreflight(HttpRequest request) =>
        HttpMethods.IsOptions(request.Method) && request.Headers.ContainsKey(HeaderNames.AccessControlRequestMethod);

    /// <summary>Different keys in the order of their lines; proxies join equal headers with commas.</summary>
    private static IReadOnlyList<Credential> Read(IHeaderDictionary headers)
    {
        var lines = headers[KeyHeader];
        if (lines is [{ Length: > 0 } only] && !only.Contains(',', StringComparison.Ordinal)) return [new Credential(only, IsBearer: false)];
        var keys = lines.SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct(StringComparer.Ordinal).ToList();
        if (keys.Count > 0) return [.. keys.Select(key => new Credential(key, IsBearer: false))];
        return headers.Authorization is [.., { } line] && line.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && line[Bearer.Length..].Trim() is { Length: > 0 } token
            ? [new Credential(token, IsBearer: true)]
            : [];
    }
}

/// <param name="Key">What the gateway checked; null when it checked none.</param>
/// <param name="IsBearer">It came as <c>Authorization: Bearer</c>, else as <c>X-Api-Key</c>.</param>
internal readonly record struct Credential(string? Key, bool IsBearer);

/// <param name="Path">For the agent server, decoded.</param>
/// <param name="RawPath">The same as it was sent; null where only the decoded one is safe.</param>
/// <param name="Prefix">What was in front of it; empty when the host named the agent.</param>
internal readonly record struct AgentRequest(string Path, string? RawPath, string Prefix, Credential Credential);
