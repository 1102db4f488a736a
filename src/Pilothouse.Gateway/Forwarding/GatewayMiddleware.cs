using Microsoft.AspNetCore.Http;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;
using Pilothouse.Gateway.Routing;

namespace Pilothouse.Gateway.Forwarding;

/// <summary>Finds the deployment that a request is for and checks the caller; the rest of the path is the agent's.</summary>
internal sealed class GatewayMiddleware(
    RequestDelegate next, AgentTargets targets, RouteTable routes, AgentForwarder forwarder, PeerForwarder peers, ICallerCheck callers, IAgentsLease lease,
    GatewayMetrics metrics)
{
    public Task InvokeAsync(HttpContext http) => Thread.CurrentThread.IsThreadPoolThread ? FindAsync(http) : FromPoolAsync(http);

    /// <summary>The answer before this request was sent by the thread that watches sockets, which may not block; a handler may.</summary>
    private async Task FromPoolAsync(HttpContext http)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await FindAsync(http);
    }

    private Task FindAsync(HttpContext http) => targets.Read(http) is { } target ? ForAgentAsync(http, target) : next(http);

    private async Task ForAgentAsync(HttpContext http, AgentTarget agent)
    {
        var began = metrics.Began();
        var outcome = Outcome.Refused;
        try
        {
            if (!lease.IsHeld && await peers.ForwardAsync(http) is { } elsewhere)
                outcome = elsewhere;
            else if (await routes.FindAsync(agent.Label, http.RequestAborted) is not { Target: { } target } lane || agent.IsPrivate)
                await NotFoundAsync(http);
            else if (await OpenAsync(http, target) is { } withheld)
                outcome = await forwarder.ForwardAsync(http, lane, agent, withheld);
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
}
