using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;
using Pilothouse.Gateway.Routing;

namespace Pilothouse.Gateway.Forwarding;

/// <summary>Finds the deployment that a request is for and checks the caller; the rest of the path is the agent's.</summary>
internal sealed class GatewayMiddleware(
    RequestDelegate next, AgentAddresses addresses, RouteTable routes, AgentForwarder forwarder, PeerForwarder peers, ICallerCheck callers, IAgentsLease lease,
    GatewayMetrics metrics)
{
    public Task InvokeAsync(HttpContext http) => Thread.CurrentThread.IsThreadPoolThread ? FindAsync(http) : FromPoolAsync(http);

    /// <summary>The answer before this request was sent by the thread that watches sockets, which may not block; a handler may.</summary>
    private async Task FromPoolAsync(HttpContext http)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await FindAsync(http);
    }

    private Task FindAsync(HttpContext http) => addresses.Read(http.Request) is { } address ? ForAgentAsync(http, address) : next(http);

    private async Task ForAgentAsync(HttpContext http, AgentAddress address)
    {
        var began = metrics.Began();
        var outcome = Outcome.Refused;
        try
        {
            if (!lease.IsHeld && await peers.ForwardAsync(http) is { } elsewhere)
                outcome = elsewhere;
            else if (await routes.FindAsync(address.Label, http.RequestAborted) is not { Target: { } target } lane || IsPrivate(address.Rest))
                await NotFoundAsync(http);
            else if (await OpenAsync(http, target) is { } withheld)
                outcome = await forwarder.ForwardAsync(http, lane, new AgentRequest(address.Rest, RawPath(http, address.Prefix), address.Prefix, withheld));
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            outcome = Outcome.Left;
        }
        catch (CallerUnknownException) when (!http.Response.HasStarted)
        {
            await GatewayAnswers.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, "Whether this key reaches the agent cannot be told at present. Try again.");
        }

        metrics.Ended(outcome, http.Response.StatusCode, began);
    }

    private Task NotFoundAsync(HttpContext http) => routes.IsTakingOver
        ? GatewayAnswers.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, "This agent does not answer now: it is being started. Try again.")
        : GatewayAnswers.WriteAsync(http, StatusCodes.Status404NotFound, GatewayAnswers.NoAgent);

    /// <summary>Null when the caller was refused. Of several different keys all must open: some clients send their own line beside the configured one.</summary>
    private async ValueTask<Withheld?> OpenAsync(HttpContext http, RouteTarget target)
    {
        if (!target.Route.RequiresKey) return Withheld.Nothing;
        if (CallerKeys.IsPreflight(http.Request)) return Withheld.ApiKey | Withheld.Authorization;

        var read = CallerKeys.Read(http.Request.Headers);
        foreach (var key in read.Keys)
        {
            if (await callers.MayCallAsync(target.Route.Workspace, key, http.RequestAborted)) continue;
            await GatewayAnswers.WriteAsync(
                http, StatusCodes.Status403Forbidden, "This API key does not reach this agent: it is unknown, expired, revoked or of another workspace.", target);
            return null;
        }

        if (read.Keys.Count > 0) return read.Withheld;
        http.Response.Headers.WWWAuthenticate = "Bearer";
        await GatewayAnswers.WriteAsync(
            http, StatusCodes.Status401Unauthorized, "This agent needs an API key of its workspace: send it in the X-Api-Key header.", target);
        return null;
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
}

/// <param name="Path">For the agent server, decoded.</param>
/// <param name="RawPath">The same as it was sent; null where only the decoded one is safe.</param>
/// <param name="Prefix">What was in front of it; empty when the host named the agent.</param>
internal readonly record struct AgentRequest(string Path, string? RawPath, string Prefix, Withheld Withheld);
