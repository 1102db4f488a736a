using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;
using Pilothouse.Gateway.Routing;
using Yarp.ReverseProxy.Forwarder;

namespace Pilothouse.Gateway.Forwarding;

/// <summary>Sends a request to a replica and its answer back, unbuffered, whatever it is: JSON, event streams, WebSockets.</summary>
internal sealed class AgentForwarder(IHttpForwarder forwarder, HttpMessageInvoker client, IOptions<GatewayOptions> options, TimeProvider time)
{
    private static readonly TimeSpan s_restartPause = TimeSpan.FromMilliseconds(50);
    private readonly ForwarderRequestConfig _config = new() { ActivityTimeout = options.Value.SilenceLimit, AllowResponseBuffering = false };

    public async Task ForwardAsync(HttpContext http, RouteLane lane, AgentRequest request)
    {
        if (http.Request.ContentLength > options.Value.MaxBodyBytes)
        {
            await GatewayAnswers.WriteAsync(
                http, StatusCodes.Status413PayloadTooLarge, $"The request body is larger than {options.Value.MaxBodyBytes} bytes.");
            return;
        }

        Unlimit(http);
        var began = time.GetTimestamp();
        while (true)
        {
            var entry = await lane.EnterAsync(http.RequestAborted);
            if (entry.Ticket is not { } ticket)
            {
                if (entry is { Target.HasEndpoint: false } && time.GetElapsedTime(began) < options.Value.RestartLimit)
                {
                    await Task.Delay(s_restartPause, time, http.RequestAborted);
                    continue;
                }

                await RefuseAsync(http, entry);
                return;
            }

            ForwarderError error;
            try
            {
                error = await SendAsync(http, ticket.Target, request);
            }
            finally
            {
                lane.Leave(ticket);
            }

            if (error == ForwarderError.None || http.Response.HasStarted || http.RequestAborted.IsCancellationRequested) return;
            if (!IsUnsent(http) || time.GetElapsedTime(began) >= options.Value.RestartLimit)
            {
                await FailAsync(http, ticket.Target, error);
                return;
            }

            // The replica restarts, or was just exchanged: not a byte went out, so the request may be sent as if it had come now.
            http.Response.Clear();
            await Task.Delay(s_restartPause, time, http.RequestAborted);
        }
    }

    private async ValueTask<ForwarderError> SendAsync(HttpContext http, RouteTarget target, AgentRequest request) =>
        await forwarder.SendAsync(http, target.NextPrefix(), client, _config, new AgentTransformer(request, target.Revision), http.RequestAborted);

    private void Unlimit(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = options.Value.MaxBodyBytes;
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } upload) upload.MinDataRate = null;
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } download) download.MinDataRate = null;
    }

    private static bool IsUnsent(HttpContext http) =>
        http.GetForwarderErrorFeature()?.Exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError };

    private static Task RefuseAsync(HttpContext http, Entry entry)
    {
        if (entry.Target is not { } target)
            return GatewayAnswers.WriteAsync(http, StatusCodes.Status404NotFound, "There is no agent at this address.");
        http.Response.Headers[GatewayAnswers.RevisionHeader] = target.Revision;
        return GatewayAnswers.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, $"This agent does not answer now: {entry.Refusal}. Try again.");
    }

    private static Task FailAsync(HttpContext http, RouteTarget target, ForwarderError error)
    {
        var (status, detail) = error switch
        {
            ForwarderError.RequestBodyClient when http.GetForwarderErrorFeature()?.Exception is BadHttpRequestException { StatusCode: var code, Message: var message } =>
                (code, message),
            ForwarderError.RequestBodyClient => (StatusCodes.Status400BadRequest, "The request body could not be read."),
            ForwarderError.Request when IsUnsent(http) => (StatusCodes.Status503ServiceUnavailable, "This agent's replica accepts no connections now. Try again."),
            _ => (StatusCodes.Status502BadGateway, "The agent server ended the request without an answer; its deploy log may say why."),
        };
        http.Response.Clear();
        http.Response.Headers[GatewayAnswers.RevisionHeader] = target.Revision;
        return GatewayAnswers.WriteAsync(http, status, detail);
    }
}
