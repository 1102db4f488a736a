using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Errors;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Errors;

/// <summary>
/// The HTTP exception handler, and the bodies of 404 and 405 where no endpoint took the request. Answers of matched endpoints, the gateway's among
/// them, are left as they are.
/// </summary>
internal sealed class ApiErrorsMiddleware(RequestDelegate next, TimeProvider clock, ILogger<ApiErrorsMiddleware> logger)
{
    private static readonly TimeSpan s_toldEvery = TimeSpan.FromSeconds(10);
    private long _told;

    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            if (!http.Response.HasStarted) http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return;
        }
        catch (BadHttpRequestException refused) when (!http.Response.HasStarted)
        {
            await WriteAsync(http, refused.StatusCode, refused.Message);
            return;
        }
        catch (Exception failure) when (!http.Response.HasStarted && StoreTrouble.Sentence(failure) is { } sentence)
        {
            Tell(failure);
            http.Response.Headers.RetryAfter = "2";
            await WriteAsync(http, StatusCodes.Status503ServiceUnavailable, sentence);
            return;
        }
        catch (Exception failure) when (!http.Response.HasStarted)
        {
            logger.RequestFailed(failure, http.Request.Method, http.GetEndpoint()?.DisplayName ?? "no endpoint");
            await WriteAsync(http, StatusCodes.Status500InternalServerError, "Internal Server Error");
            return;
        }

        if (http.Response.HasStarted || http.Response.ContentLength is not null || http.Response.ContentType is not null) return;
        if (http.Response.StatusCode == StatusCodes.Status405MethodNotAllowed)
            await WriteAsync(http, StatusCodes.Status405MethodNotAllowed, "Method Not Allowed");
        else if (http.Response.StatusCode == StatusCodes.Status404NotFound && http.GetEndpoint() is null)
            await WriteAsync(http, StatusCodes.Status404NotFound, "Not Found");
    }

    /// <summary>Every request meets it while it lasts; a log on the same disk must not grow by each.</summary>
    private void Tell(Exception failure)
    {
        var (now, last) = (clock.GetTimestamp(), Interlocked.Read(ref _told));
        if (last != 0 && clock.GetElapsedTime(last, now) < s_toldEvery) return;
        if (Interlocked.CompareExchange(ref _told, now, last) == last) logger.StoreFailed(failure);
    }

    private static Task WriteAsync(HttpContext http, int status, string detail)
    {
        // What an endpoint said of the answer that it could not finish.
        http.Response.ContentLength = null;
        http.Response.Headers.ETag = default;
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(
            new ApiError(detail), ApiJson.Default.ApiError, "application/json", CancellationToken.None);
    }
}
