using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Core;

namespace Pilothouse.Control.Idempotency;

/// <summary>
/// <c>Idempotency-Key</c> on POST and PATCH: the first request runs, and its repetitions get its answer. Runs inside the permission check, so that
/// only who may still do it is answered.
/// </summary>
internal sealed class IdempotentRequests(RequestKeyStore store, KeptAnswers answers, IOptions<IdempotencyOptions> options, TimeProvider clock)
{
    private const string Header = ApiHeaders.IdempotencyKey;
    private const int MaxKeyLength = 255;
    private const string RetryAfterSeconds = "1";
    private const string FullRetryAfterSeconds = "60";

    /// <summary>Writing down how a request ended is not cut short by the request's own end.</summary>
    private static readonly TimeSpan s_recordLimit = TimeSpan.FromSeconds(20);

    /// <summary>Around every endpoint with a permission.</summary>
    /// <param name="permission">What only reads is not kept, whatever its verb.</param>
    public static async ValueTask<object?> AroundAsync(EndpointFilterInvocationContext context, string permission, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)) return await next(context);
        var scope = ChangeScope.Begin(http);
        var isKeyed = (HttpMethods.IsPost(http.Request.Method) || HttpMethods.IsPatch(http.Request.Method))
            && http.Request.Headers.ContainsKey(Header) && !permission.EndsWith(":read", StringComparison.Ordinal);
        return isKeyed
            ? await http.RequestServices.GetRequiredService<IdempotentRequests>().RunAsync(context, scope, next)
            : await next(context);
    }

    private async Task<object?> RunAsync(EndpointFilterInvocationContext context, ChangeScope scope, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var faults = new RequestFaults();
        var text = Text(http.Request, faults);
        if (faults.Any) return faults.ToResult();
        var caller = http.GetCaller();
        var key = new RequestKey(caller.Workspace.Value, caller.Subject, text);

        var body = await JsonBody.TakeAsync(http.Request, http.RequestAborted);
        var fingerprint = await answers.FingerprintAsync(key, http.Request, body, http.RequestAborted);
        var wait = Preference.Wait(http.Request) ?? TimeSpan.Zero;
        switch (await store.ClaimAsync(key, fingerprint, wait, http.RequestAborted))
        {
            case KeyState.Claimed claimed:
                scope.Claim = claimed.Claim;
                if (claimed.Deployment is { } deployment) scope.Recover(deployment, claimed.Revision);
                return await FirstAsync(context, scope, claimed.Claim, wait, next);
            case KeyState.Answered answered:
                return await AgainAsync(http, key, answered);
            case KeyState.Other:
                faults.Add(
                    "value_error", ["header", Header],
                    "Value error, this key was used for another request (another method, path or body): take a new key for each request");
                return faults.ToResult();
            case KeyState.Full:
                http.Response.Headers.RetryAfter = FullRetryAfterSeconds;
                return ApiResults.Refused(new Rejection(
                    Codes.TooManyKeys,
                    $"You have {options.Value.MaxKeysPerCaller} idempotency keys, each kept for {options.Value.KeptFor.TotalHours:0.#} hours: send this request without one, or later."));
            default:
                http.Response.Headers.RetryAfter = RetryAfterSeconds;
                return ApiResults.Refused(new Rejection(
                    Codes.KeyBusy, "The first request with this Idempotency-Key is still running: repeat yours in a moment for its answer."));
        }
    }

    private async Task<object?> FirstAsync(
        EndpointFilterInvocationContext context, ChangeScope scope, RequestClaim claim, TimeSpan wait, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var socket = http.Features.Get<IHttpResponseBodyFeature>()!;
        using var written = new MemoryStream();
        using var limit = new CancellationTokenSource(options.Value.Lease + wait, clock);
        http.Response.Body = written;
        http.RequestAborted = limit.Token;
        try
        {
            if (await next(context) is IResult result) await result.ExecuteAsync(http);
            await http.Response.BodyWriter.FlushAsync(limit.Token);
        }
        catch
        {
            await ReleaseAsync(claim);
            throw;
        }
        finally
        {
            http.Features.Set(socket);
            http.RequestAborted = scope.ClientGone;
        }

        if (scope.IsRecovered) http.Response.Headers[ApiHeaders.IdempotencyReplayed] = "true";
        await RecordAsync(http.Response, scope, claim, written.ToArray());
        return new Bytes(written.ToArray());
    }

    private async Task RecordAsync(HttpResponse response, ChangeScope scope, RequestClaim claim, byte[] body)
    {
        if (scope.IsCut || !IsLastWord(response.StatusCode))
        {
            await ReleaseAsync(claim);
            return;
        }

        using var limit = new CancellationTokenSource(s_recordLimit, clock);
        var kept = body.Length <= options.Value.MaxAnswerBytes
            ? await answers.SealAsync(claim.Key, KeptAnswers.Of(response, body), limit.Token)
            : null;
        await store.AnswerAsync(claim, response.StatusCode, kept, limit.Token);
    }

    private async Task ReleaseAsync(RequestClaim claim)
    {
        using var limit = new CancellationTokenSource(s_recordLimit, clock);
        await store.ReleaseAsync(claim, limit.Token);
    }

    private async Task<IResult> AgainAsync(HttpContext http, RequestKey key, KeyState.Answered answered)
    {
        http.Response.Headers[ApiHeaders.IdempotencyReplayed] = "true";
        if (answered.Answer is not { } box)
        {
            return ApiResults.Refused(new Rejection(
                Codes.Conflict,
                $"The first request with this Idempotency-Key was answered with status {answered.Status}, in more than {options.Value.MaxAnswerBytes} bytes, which are not kept: read what it made."));
        }

        var answer = await answers.OpenAsync(key, box, http.RequestAborted);
        http.Response.StatusCode = answered.Status;
        foreach (var (name, value) in answer.Headers) http.Response.Headers[name] = value;
        return new Bytes(answer.Body);
    }

    /// <summary>
    /// False where the same request may fare better in a moment, and nothing was done: it was in somebody's way (408, 409, 412, 425, 429), or we
    /// failed.
    /// </summary>
    private static bool IsLastWord(int status) => status is < 500 and not (408 or 409 or 412 or 425 or 429);

    private static string Text(HttpRequest request, RequestFaults faults)
    {
        var lines = request.Headers[Header];
        var text = lines.ToString();
        if (lines.Count == 1 && text.Length is > 0 and <= MaxKeyLength && text.All(character => character is >= '!' and <= '~')) return text;
        faults.Add(
            "string_pattern_mismatch", ["header", Header],
            string.Create(CultureInfo.InvariantCulture, $"String should match pattern '^[!-~]{{1,{MaxKeyLength}}}$': one key of visible ASCII characters"));
        return text;
    }

    /// <summary>Status and headers are on the response already.</summary>
    private sealed class Bytes(byte[] body) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            if (body.Length == 0) return;
            httpContext.Response.ContentLength = body.Length;
            await httpContext.Response.Body.WriteAsync(body, httpContext.RequestAborted);
        }
    }
}
