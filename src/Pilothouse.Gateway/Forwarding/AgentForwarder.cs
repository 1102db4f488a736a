using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Pilothouse.Gateway.Routing;
using Yarp.ReverseProxy.Forwarder;

namespace Pilothouse.Gateway.Forwarding;

/// <summary>Sends a request to a replica and its answer back, unbuffered, whatever it is: JSON, event streams, WebSockets.</summary>
internal sealed class AgentForwarder(IHttpForwarder forwarder, HttpMessageInvoker client, IOptions<GatewayOptions> options, TimeProvider time)
{
    private static readonly TimeSpan s_restartPause = TimeSpan.FromMilliseconds(50);
    private readonly ForwarderRequestConfig _config = new() { ActivityTimeout = options.Value.SilenceLimit, AllowResponseBuffering = false };

    public async Task<Outcome> ForwardAsync(HttpContext http, RouteLane lane, AgentTarget agent, Withheld withheld)
    {
        if (http.Request.ContentLength > options.Value.MaxBodyBytes)
        {
            await GatewayAnswers.WriteAsync(
                http, StatusCodes.Status413PayloadTooLarge, $"The request body is larger than {options.Value.MaxBodyBytes} bytes.", lane.Target);
            return Outcome.Refused;
        }

        BodyLimits.Lift(http, options.Value);
        var began = time.GetTimestamp();
        var isWaiting = false;
        try
        {
            while (true)
            {
                var entry = await lane.EnterAsync(http.RequestAborted);
                if (entry.Ticket is { } ticket)
                {
                    if (isWaiting) lane.EndWait();
                    isWaiting = false;
                    if (await SendAsync(http, lane, ticket, agent, withheld) is { } outcome) return outcome;
                }

                // The replica restarts, or was just exchanged: not a byte went out, so the request may be sent as if it had come now.
                isWaiting = isWaiting || (entry is { Ticket: not null } or { Target.HasEndpoint: false } && IsEarly(began) && lane.TryWait());
                if (!isWaiting || !IsEarly(began))
                {
                    await RefuseAsync(http, entry);
                    return Outcome.Refused;
                }

                http.Response.Clear();
                await Task.Delay(s_restartPause, time, http.RequestAborted);
            }
        }
        finally
        {
            if (isWaiting) lane.EndWait();
        }
    }

    private bool IsEarly(long began) => time.GetElapsedTime(began) < options.Value.RestartLimit;

    /// <summary>Null: nothing was sent, since no replica accepts connections.</summary>
    private async ValueTask<Outcome?> SendAsync(HttpContext http, RouteLane lane, Ticket ticket, AgentTarget agent, Withheld withheld)
    {
        ForwarderError error;
        try
        {
            error = await forwarder.SendAsync(
                http, ticket.Target.NextPrefix(), client, _config, new AgentTransformer(agent, withheld, ticket.Target.Revision), http.RequestAborted);
        }
        finally
        {
            lane.Leave(ticket);
        }

        if (error == ForwarderError.None) return Outcome.Answered;
        if (http.RequestAborted.IsCancellationRequested && !IsCut(error)) return Outcome.Left;
        if (http.Response.HasStarted) return Outcome.Cut;
        if (IsUnsent(http)) return null;
        await FailAsync(http, ticket.Target, error);
        return Outcome.Failed;
    }

    /// <summary>The forwarder aborts the caller's connection too when an answer breaks off.</summary>
    private static bool IsCut(ForwarderError error) => error is ForwarderError.ResponseBodyDestination or ForwarderError.UpgradeResponseDestination;

    private static bool IsUnsent(HttpContext http) =>
        http.GetForwarderErrorFeature()?.Exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError };

    private static Task RefuseAsync(HttpContext http, Entry entry)
    {
        if (entry.Target is not { } target) return GatewayAnswers.WriteAsync(http, StatusCodes.Status404NotFound, GatewayAnswers.NoAgent);
        http.Response.Clear();
        var reason = entry.Refusal ?? "its replica accepts no connections";
        return GatewayAnswers.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, $"This agent does not answer now: {reason}. Try again.", target);
    }

    private static Task FailAsync(HttpContext http, RouteTarget target, ForwarderError error)
    {
        var (status, detail) = error switch
        {
            ForwarderError.RequestBodyClient when Bad(http.GetForwarderErrorFeature()?.Exception) is { } bad => (bad.StatusCode, bad.Message),
            ForwarderError.RequestBodyClient => (StatusCodes.Status400BadRequest, "The request body could not be read."),
            _ => (StatusCodes.Status502BadGateway, "The agent server ended the request without an answer; its deploy log may say why."),
        };
        http.Response.Clear();
        return GatewayAnswers.WriteAsync(http, status, detail, target);
    }

    /// <summary>The forwarder hands it on among what it led to.</summary>
    private static BadHttpRequestException? Bad(Exception? exception) => exception switch
    {
        BadHttpRequestException bad => bad,
        AggregateException all => all.InnerExceptions.Select(Bad).FirstOrDefault(bad => bad is not null),
        _ => exception?.InnerException is { } inner ? Bad(inner) : null,
    };
}
