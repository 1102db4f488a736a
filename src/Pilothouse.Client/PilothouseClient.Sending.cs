using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Logs;

namespace Pilothouse.Client;

/// <summary>How calls go out, and which go out again.</summary>
public sealed partial class PilothouseClient
{
    private const int Tries = 4;

    /// <summary>A control plane that asks for more is told of instead of waited for.</summary>
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(30);

    private static readonly ChangeOptions s_noOptions = new();

    /// <summary>It has answered as one that does a POST or PATCH with the same key once; a proxy's page in between takes nothing back.</summary>
    private volatile bool _honoursKeys;

    /// <summary>The log calls are POSTs that change nothing: they may be repeated.</summary>
    private Task<LogPage> QueryAsync(string path, LogQuery query, CancellationToken cancellationToken) =>
        RepeatAsync(HttpMethod.Post, path, () => JsonContent.Create(query, ApiJson.Default.LogQuery), ApiJson.Default.LogPage, cancellationToken);

    private Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        RepeatAsync(HttpMethod.Get, path, () => null, type, cancellationToken);

    private async Task<T> RepeatAsync<T>(
        HttpMethod method, string path, Func<HttpContent?> content, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var answer = await AnswerAsync(
            () => new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content() },
            _callLimit, mayRepeat: () => true, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(answer, method.Method, path, type, cancellationToken).ConfigureAwait(false);
    }

    private async Task<TAnswer> SendAsync<TBody, TAnswer>(
        HttpMethod method, string path, TBody? body, JsonTypeInfo<TBody>? bodyType, JsonTypeInfo<TAnswer>? answerType, CancellationToken cancellationToken)
        where TBody : class =>
        (await ChangeAsync(method, path, body, bodyType, answerType, s_noOptions, cancellationToken).ConfigureAwait(false)).Value;

    private async Task<Answered<TAnswer>> ChangeAsync<TBody, TAnswer>(
        HttpMethod method, string path, TBody? body, JsonTypeInfo<TBody>? bodyType, JsonTypeInfo<TAnswer>? answerType, ChangeOptions options,
        CancellationToken cancellationToken)
        where TBody : class
    {
        var isKeyed = method == HttpMethod.Post || method == HttpMethod.Patch;
        var key = options.IdempotencyKey ?? Guid.NewGuid().ToString();
        using var answer = await AnswerAsync(Request, _callLimit + (options.Wait ?? TimeSpan.Zero), () => isKeyed && _honoursKeys, cancellationToken).ConfigureAwait(false);
        if (answerType is null) await EnsureAcceptedAsync(answer, method.Method, path, cancellationToken).ConfigureAwait(false);
        return new Answered<TAnswer>(
            answerType is null ? default! : await ReadAsync(answer, method.Method, path, answerType, cancellationToken).ConfigureAwait(false),
            answer.Headers.ETag?.ToString(),
            answer.Headers.Contains(ApiHeaders.IdempotencyReplayed),
            answer.Headers.Contains("Preference-Applied"));

        HttpRequestMessage Request()
        {
            var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
            if (body is not null) request.Content = JsonContent.Create(body, bodyType!);
            // Without any content the handler itself sends a POST again when a connection breaks that was used before.
            else if (method == HttpMethod.Post) request.Content = new ByteArrayContent([]);
            if (isKeyed) request.Headers.Add(ApiHeaders.IdempotencyKey, key);
            if (options.IfMatch is { } tag) request.Headers.Add("If-Match", tag);
            if (options.Wait is { } wait) request.Headers.Add("Prefer", string.Create(CultureInfo.InvariantCulture, $"wait={(int)wait.TotalSeconds}"));
            return request;
        }
    }

    /// <summary>The answer, or the last one where several tries were given the same.</summary>
    /// <param name="mayRepeat">Asked after each try that failed: an answer may have told what the control plane can.</param>
    private async Task<HttpResponseMessage> AnswerAsync(
        Func<HttpRequestMessage> create, TimeSpan limit, Func<bool> mayRepeat, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var pause = PauseAfter(attempt);
            try
            {
                using var request = create();
                var answer = await OnceAsync(_http, request, limit, cancellationToken).ConfigureAwait(false);
                if (answer.Headers.Contains(ApiHeaders.Version)) _honoursKeys = true;
                var asked = answer.Headers.RetryAfter?.Delta;
                if (asked > pause) pause = asked.Value;
                if (attempt == Tries || !IsPassing(answer, request) || pause > s_longestPause || !mayRepeat()) return answer;
                answer.Dispose();
            }
            catch (UnreachableException) when (attempt < Tries && mayRepeat())
            {
                // Tried again below.
            }

            await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static TimeSpan PauseAfter(int attempt) => TimeSpan.FromMilliseconds(200 * Math.Pow(2, attempt - 1));

    /// <param name="limit">For the whole answer, its body included.</param>
    private async Task<HttpResponseMessage> OnceAsync(HttpClient http, HttpRequestMessage request, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            // With the body, so that the time limit and the failures below are those of the whole answer.
            return await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token).ConfigureAwait(false);
        }
        catch (HttpRequestException unreachable)
        {
            throw new UnreachableException(Origin(request), unreachable);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new UnreachableException(Origin(request), new TimeoutException($"no answer within {limit.TotalSeconds:0.#} s"));
        }
        catch (OperationCanceledException slow) when (!cancellationToken.IsCancellationRequested)
        {
            throw new UnreachableException(Origin(request), slow);
        }
    }

    /// <summary>Uploads may go elsewhere, and their addresses authorise: only the host is told.</summary>
    private Uri Origin(HttpRequestMessage request) =>
        request.RequestUri is { IsAbsoluteUri: true } address && !Address.IsBaseOf(address) ? new Uri(address.GetLeftPart(UriPartial.Authority)) : Address;

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer, string method, string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        await EnsureAcceptedAsync(answer, method, path, cancellationToken).ConfigureAwait(false);
        try
        {
            return await answer.Content.ReadFromJsonAsync(type, cancellationToken).ConfigureAwait(false)
                ?? throw new ApiException(answer.StatusCode, method, path, "the answer is empty");
        }
        catch (JsonException)
        {
            throw new ApiException(answer.StatusCode, method, path, "the answer is not that of a control plane; is the address right?");
        }
    }

    private static async Task EnsureAcceptedAsync(HttpResponseMessage answer, string method, string path, CancellationToken cancellationToken)
    {
        if (answer.IsSuccessStatusCode) return;
        var body = await answer.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        var detail = answer.Headers.Location is { } moved ? $"the address has moved to {moved}" : ErrorText.Of(body);
        throw new ApiException(answer.StatusCode, method, path, detail.Length > 0 ? detail : $"status {(int)answer.StatusCode}, without a word why");
    }

    /// <summary>Also a 409 that says when to come again: an earlier try of the same request is still running.</summary>
    private static bool IsPassing(HttpResponseMessage answer, HttpRequestMessage request) => answer.StatusCode switch
    {
        HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout or HttpStatusCode.TooManyRequests => true,
        HttpStatusCode.Conflict => answer.Headers.RetryAfter is not null && request.Headers.Contains(ApiHeaders.IdempotencyKey),
        _ => false,
    };
}
