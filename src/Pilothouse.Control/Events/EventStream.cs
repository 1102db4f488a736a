using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Overload;
using Pilothouse.Core;

namespace Pilothouse.Control.Events;

/// <summary>
/// Events as they happen, as <c>text/event-stream</c> (HTML standard, 9.2). Whoever was cut off comes again with <c>Last-Event-ID</c> and misses
/// nothing.
/// </summary>
internal sealed class EventStream(
    EventReader reader, DeploymentWatches watches, CallerAuthentication authentication, IOptions<EventOptions> options,
    IHostApplicationLifetime lifetime, TimeProvider clock)
{
    public const string ContentType = "text/event-stream";
    private const int PageSize = 100;
    private const string RetryAfterSeconds = "5";

    /// <summary>Milliseconds after which a client that was cut off shall come again.</summary>
    private const string Preamble = "retry: 2000\n\n";

    private readonly Places<Guid> _ofKeys = new(options.Value.MaxStreamsPerKey);
    private readonly Places<WorkspaceId> _ofWorkspaces = new(options.Value.MaxStreamsPerWorkspace);

    public async Task<IResult> RunAsync(HttpContext http, EventsOf of, long after, CancellationToken clientGone)
    {
        var caller = http.GetCaller();
        using var ofKey = _ofKeys.TryTake(caller.Subject);
        using var ofWorkspace = ofKey is null ? null : _ofWorkspaces.TryTake(caller.Workspace);
        if (ofWorkspace is null) return Refused(http, ofKey is null ? "caller" : "workspace");

        PlaceOfRequest.Leave(http);
        using var watch = watches.Open(new DeploymentId(of.Deployment));
        var changed = watch.Next;
        if (await reader.AfterAsync(of, after, PageSize, clientGone) is not { } events)
            return ApiResults.Refused(ApiResults.DeploymentNotFound(of.Deployment));

        var response = http.Response;
        response.ContentType = ContentType;
        // Proxies must neither keep nor gather nor compress it (RFC 9111, 5.2.2.6; nginx's X-Accel-Buffering).
        response.Headers.CacheControl = "no-cache, no-transform";
        response.Headers["X-Accel-Buffering"] = "no";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(clientGone, lifetime.ApplicationStopping);
        try
        {
            await WriteAsync(http, Preamble, ending.Token);
            await FollowAsync(http, caller, of, watch, (changed, events, after), ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The client left, or this process stops: the client comes again.
        }
        catch (SlowReaderException)
        {
            http.Abort();
        }

        return TypedResults.Empty;
    }

    private async Task FollowAsync(
        HttpContext http, Caller caller, EventsOf of, DeploymentWatches.Watch watch,
        (Task Changed, IReadOnlyList<RevisionEvent>? Events, long After) read, CancellationToken cancellationToken)
    {
        var (changed, events, after) = read;
        var authorized = clock.GetTimestamp();
        var wrote = clock.GetTimestamp();
        while (true)
        {
            if (events is null)
            {
                await WriteAsync(http, End(StreamEnd.Deleted, "The deployment is gone."), cancellationToken);
                return;
            }

            if (events.Count > 0)
            {
                await WriteAsync(http, string.Concat(events.Select(Frame)), cancellationToken);
                (after, wrote) = (events[^1].Id, clock.GetTimestamp());
            }
            else if (clock.GetElapsedTime(wrote) >= options.Value.Heartbeat)
            {
                await WriteAsync(http, ": still here\n\n", cancellationToken);
                wrote = clock.GetTimestamp();
            }

            if (clock.GetElapsedTime(authorized) >= options.Value.AuthorizeEvery)
            {
                if (!await IsStillAllowedAsync(http, caller, cancellationToken))
                {
                    await WriteAsync(http, End(StreamEnd.Unauthorized, "The API key no longer allows this."), cancellationToken);
                    return;
                }

                authorized = clock.GetTimestamp();
            }

            if (events.Count < PageSize) await changed.OrAfterAsync(Pause(wrote, authorized), clock, cancellationToken);
            changed = watch.Next;
            events = await reader.AfterAsync(of, after, PageSize, cancellationToken);
        }
    }

    /// <summary>Until the next thing that is due although nothing happened.</summary>
    private TimeSpan Pause(long wrote, long authorized)
    {
        TimeSpan[] due =
        [
            options.Value.ReadEvery,
            options.Value.Heartbeat - clock.GetElapsedTime(wrote),
            options.Value.AuthorizeEvery - clock.GetElapsedTime(authorized),
        ];
        var pause = due.Min();
        return pause > TimeSpan.Zero ? pause : TimeSpan.Zero;
    }

    /// <summary>The same request would be let in again.</summary>
    private async Task<bool> IsStillAllowedAsync(HttpContext http, Caller caller, CancellationToken cancellationToken) =>
        await authentication.AuthenticateAsync(http, cancellationToken) is null
        && http.GetCaller() is { } now && now.Workspace == caller.Workspace && now.May(Permissions.Read);

    private async Task WriteAsync(HttpContext http, string text, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Value.WriteLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await http.Response.WriteAsync(text, Encoding.UTF8, either.Token);
            await http.Response.Body.FlushAsync(either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new SlowReaderException();
        }
    }

    /// <summary>JSON escapes line ends, so that one line holds it.</summary>
    private static string Frame(RevisionEvent happened) => string.Create(
        CultureInfo.InvariantCulture,
        $"id: {happened.Id}\nevent: {Word(happened.Kind)}\ndata: {JsonSerializer.Serialize(happened, ApiJson.Default.RevisionEvent)}\n\n");

    /// <summary>Listeners choose the kinds of what they tell: a line end in one would end the field.</summary>
    private static string Word(string kind) =>
        kind.AsSpan().IndexOfAny(s_lineEnds) < 0 ? kind : "message";

    private static readonly SearchValues<char> s_lineEnds = SearchValues.Create("\r\n\0");

    private static string End(string reason, string message) =>
        $"event: {StreamEnd.Kind}\ndata: {JsonSerializer.Serialize(new StreamEnd(reason, message), ApiJson.Default.StreamEnd)}\n\n";

    private static IResult Refused(HttpContext http, string holder)
    {
        http.Response.Headers.RetryAfter = RetryAfterSeconds;
        return ApiResults.Refused(new Rejection(
            Codes.TooManyStreams, $"This {holder} follows as many event streams as it may: close one, or read the events without 'Accept: text/event-stream'."));
    }

    /// <summary>The reader takes nothing.</summary>
    private sealed class SlowReaderException : Exception;
}
