using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Pilothouse.Core.Runtimes;
using Yarp.ReverseProxy.Forwarder;

namespace Pilothouse.Gateway.Forwarding;

/// <summary>
/// Sends a request, as it came, to the gateway of the process that runs the agents; that one checks its key, holds it during a switch and counts it.
/// While nobody runs them a request waits as it does for a replica that restarts.
/// </summary>
internal sealed class PeerForwarder(IAgentsLease lease, IHttpForwarder forwarder, HttpMessageInvoker client, IOptions<GatewayOptions> options, TimeProvider time)
{
    /// <summary>Two processes that each take the other for the one that runs the agents must not play with a request.</summary>
    private const string Hop = "X-Pilothouse-Peer";

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);
    private readonly ForwarderRequestConfig _config = new() { ActivityTimeout = options.Value.SilenceLimit, AllowResponseBuffering = false };
    private int _waiting;

    /// <returns>Null: this process runs the agents by now, and nothing of the request was sent.</returns>
    public async Task<Outcome?> ForwardAsync(HttpContext http)
    {
        if (lease.IsHeld) return null;
        BodyLimits.Lift(http, options.Value);
        if (Interlocked.Increment(ref _waiting) > options.Value.MaxHeld)
        {
            Interlocked.Decrement(ref _waiting);
            return await RefuseAsync(http, "too many callers wait for it already");
        }

        var isWaiting = true;
        try
        {
            var began = time.GetTimestamp();
            while (!lease.IsHeld)
            {
                if (lease.Elsewhere is { } there && !http.Request.Headers.ContainsKey(Hop))
                {
                    Interlocked.Decrement(ref _waiting);
                    isWaiting = false;
                    if (await SendAsync(http, there) is { } outcome) return outcome;
                    Interlocked.Increment(ref _waiting);
                    isWaiting = true;
                }

                if (time.GetElapsedTime(began) > options.Value.RestartLimit) return await RefuseAsync(http, "no control plane runs it");
                http.Response.Clear();
                await Task.Delay(s_pause, time, http.RequestAborted);
            }

            return null;
        }
        finally
        {
            if (isWaiting) Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Null: nothing was sent.</summary>
    private async Task<Outcome?> SendAsync(HttpContext http, Uri there)
    {
        var error = await forwarder.SendAsync(http, there.AbsoluteUri, client, _config, PeerTransformer.Instance, http.RequestAborted);
        if (error == ForwarderError.None) return Outcome.Answered;
        if (http.RequestAborted.IsCancellationRequested && error is not (ForwarderError.ResponseBodyDestination or ForwarderError.UpgradeResponseDestination)) return Outcome.Left;
        if (http.Response.HasStarted) return Outcome.Cut;
        if (http.GetForwarderErrorFeature()?.Exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError }) return null;
        http.Response.Clear();
        await GatewayAnswers.WriteAsync(http, StatusCodes.Status502BadGateway, "The control plane that runs this agent ended the request without an answer.");
        return Outcome.Failed;
    }

    private static async Task<Outcome?> RefuseAsync(HttpContext http, string why)
    {
        http.Response.Clear();
        await GatewayAnswers.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, $"This agent does not answer now: {why}. Try again.");
        return Outcome.Refused;
    }

    private sealed class PeerTransformer : HttpTransformer
    {
        private static readonly UriCreationOptions s_asItIs = new() { DangerousDisablePathAndQueryCanonicalization = true };

        public static PeerTransformer Instance { get; } = new();

        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            var raw = httpContext.Features.Get<IHttpRequestFeature>()?.RawTarget;
            if (raw is ['/', ..]) proxyRequest.RequestUri = new Uri($"{destinationPrefix.TrimEnd('/')}{raw}", s_asItIs);

            // The host names the agent where there is a wildcard domain.
            proxyRequest.Headers.Host = httpContext.Request.Host.Value;
            proxyRequest.Headers.TryAddWithoutValidation(Hop, "1");
        }
    }
}
