using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Core;

namespace Pilothouse.Control.Overload;

/// <summary>
/// Room for the requests under way. What finds none is turned away at once instead of waiting: whoever is let in is answered as quickly as ever,
/// and nothing grows with the number of those who come.
/// </summary>
internal sealed class RequestRoom(RequestRates rates, IOptions<OverloadOptions> options, OverloadMetrics metrics)
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_later = TimeSpan.FromSeconds(5);
    private static readonly Rejection s_full = new(Codes.Unavailable, "This control plane has as many requests under way as it takes: try again in a moment.");
    private static readonly Rejection s_uploads = new(Codes.Unavailable, "As many archives arrive as this control plane takes at a time: upload yours again in a moment.");

    private readonly Places<int> _server = new(options.Value.ConcurrentRequests);
    private readonly Places<int> _uploads = new(options.Value.ConcurrentUploads);
    private readonly Places<WorkspaceId> _workspaces = new(options.Value.ConcurrentRequestsPerWorkspace);

    /// <summary>Before anything is known of the caller.</summary>
    /// <returns>The place, to be disposed; null with <paramref name="refusal"/>.</returns>
    public PlaceOfRequest? TryEnter(HttpContext http, out IResult? refusal)
    {
        refusal = null;
        if (_server.TryTake(0) is { } place) return PlaceOfRequest.Of(http, place);
        refusal = Refused(http.Response, s_full, nameof(OverloadOptions.ConcurrentRequests), s_soon);
        return null;
    }

    /// <summary>Once the caller is known.</summary>
    /// <returns>Null when it may go on.</returns>
    public IResult? Admit(HttpContext http, Caller caller, PlaceOfRequest place)
    {
        if (rates.Take(caller) is var (limit, after))
        {
            var who = limit is nameof(OverloadOptions.KeyRequestsPerSecond) ? "You send" : "The callers of this workspace send";
            return Refused(http.Response, new Rejection(Codes.TooManyRequests, $"{who} more requests than may be (Overload:{limit}): send fewer, and try again after the seconds of Retry-After."), limit, after);
        }

        if (_workspaces.TryTake(caller.Workspace) is not { } taken)
        {
            const string Limit = nameof(OverloadOptions.ConcurrentRequestsPerWorkspace);
            return Refused(http.Response, new Rejection(Codes.TooManyRequests, $"This workspace has as many requests under way as it may (Overload:{Limit}): wait for an answer before you send the next."), Limit, s_soon);
        }

        place.Add(taken);
        return null;
    }

    public IDisposable? TryUpload(HttpContext http, out IResult? refusal)
    {
        refusal = null;
        if (_uploads.TryTake(0) is { } place) return place;
        refusal = Refused(http.Response, s_uploads, nameof(OverloadOptions.ConcurrentUploads), s_later);
        return null;
    }

    private IResult Refused(HttpResponse response, Rejection rejection, string limit, TimeSpan after)
    {
        metrics.Refused(limit);
        response.Headers.RetryAfter = ((long)Math.Ceiling(Math.Max(1, after.TotalSeconds))).ToString(CultureInfo.InvariantCulture);
        return ApiResults.Refused(rejection);
    }
}

/// <summary>What one request takes up; given back at its end, or before where it only waits from then on.</summary>
internal sealed class PlaceOfRequest : IDisposable
{
    private IDisposable? _ofServer;
    private IDisposable? _ofWorkspace;

    private PlaceOfRequest(IDisposable ofServer) => _ofServer = ofServer;

    public static PlaceOfRequest Of(HttpContext http, IDisposable ofServer)
    {
        var place = new PlaceOfRequest(ofServer);
        http.Features.Set(place);
        return place;
    }

    public void Add(IDisposable ofWorkspace) => _ofWorkspace = ofWorkspace;

    /// <summary>The request goes on without work: it waits for something to happen, within a limit of its own.</summary>
    public static void Leave(HttpContext http) => http.Features.Get<PlaceOfRequest>()?.Dispose();

    public void Dispose()
    {
        Interlocked.Exchange(ref _ofWorkspace, null)?.Dispose();
        Interlocked.Exchange(ref _ofServer, null)?.Dispose();
    }
}
