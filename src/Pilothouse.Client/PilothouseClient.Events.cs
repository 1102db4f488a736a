using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;

namespace Pilothouse.Client;

/// <summary>Events as they happen.</summary>
public sealed partial class PilothouseClient
{
    private const string EventStreamType = "text/event-stream";
    private static readonly string[] s_ended = ["DEPLOYED", "CREATE_FAILED", "BUILD_FAILED", "DEPLOY_FAILED", "SKIPPED", "INTERRUPTED"];

    /// <summary>
    /// What happened and what happens, oldest first, each once: where the connection breaks it goes on after what was read last, without end until
    /// the control plane has been away four times in a row. Ends when the deployment is gone; a key that was revoked is a 401.
    /// </summary>
    /// <param name="revision">Null: of all revisions and of the deployment itself.</param>
    /// <param name="after">Only what is newer than the event of this id.</param>
    public async IAsyncEnumerable<RevisionEvent> FollowEventsAsync(
        Guid deployment, Guid? revision = null, long after = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var path = revision is { } one ? $"v2/deployments/{deployment}/revisions/{one}/events" : $"v2/deployments/{deployment}/events";
        for (var failures = 0; ;)
        {
            using var answer = await OpenAsync(path, after, cancellationToken).ConfigureAwait(false);
            using var frames = new EventFrames(await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), _time);
            while (await FrameAsync(frames, cancellationToken).ConfigureAwait(false) is { } frame)
            {
                if (frame.Kind is StreamEnd.Kind)
                {
                    ThrowUnlessDeleted(frame, path);
                    yield break;
                }

                var happened = JsonSerializer.Deserialize(frame.Data, ApiJson.Default.RevisionEvent)!;
                failures = 0;
                if (happened.Id <= after) continue;
                after = happened.Id;
                yield return happened;
            }

            if (++failures >= Tries) throw new UnreachableException(Address, new IOException("the stream of events keeps breaking off"));
            await Task.Delay(PauseAfter(failures), _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Returns once the revision has ended, well or not, or its deployment is gone (404).</summary>
    public async Task<Revision> WaitForRevisionAsync(Guid deployment, Guid revision, CancellationToken cancellationToken = default)
    {
        await foreach (var happened in FollowEventsAsync(deployment, revision, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (s_ended.Contains(happened.Status, StringComparer.Ordinal)) break;
        }

        return await GetRevisionAsync(deployment, revision, cancellationToken).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> OpenAsync(string path, long after, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var pause = PauseAfter(attempt);
            try
            {
                var answer = await HeadersAsync(path, after, cancellationToken).ConfigureAwait(false);
                if (answer.IsSuccessStatusCode && answer.Content.Headers.ContentType?.MediaType is EventStreamType) return answer;
                using (answer)
                {
                    if (answer.Headers.RetryAfter?.Delta is { } asked && asked > pause) pause = asked;
                    if (attempt == Tries || !IsPassing(answer, answer.RequestMessage!) || pause > s_longestPause)
                    {
                        await EnsureAcceptedAsync(answer, "GET", path, cancellationToken).ConfigureAwait(false);
                        throw new ApiException(answer.StatusCode, "GET", path, "this control plane does not stream events");
                    }
                }
            }
            catch (UnreachableException) when (attempt < Tries)
            {
                // Tried again below.
            }

            await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The time limit is for the answer's beginning.</summary>
    private async Task<HttpResponseMessage> HeadersAsync(string path, long after, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Accept.Add(new(EventStreamType));
        if (after > 0) request.Headers.Add("Last-Event-ID", after.ToString(CultureInfo.InvariantCulture));
        using var late = new CancellationTokenSource(_callLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
        }
        catch (HttpRequestException unreachable)
        {
            throw new UnreachableException(Address, unreachable);
        }
        catch (OperationCanceledException slow) when (!cancellationToken.IsCancellationRequested)
        {
            throw new UnreachableException(Address, slow);
        }
    }

    /// <returns>Null at the end, and where the connection broke.</returns>
    private static async Task<EventFrame?> FrameAsync(EventFrames frames, CancellationToken cancellationToken)
    {
        try
        {
            return await frames.NextAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception broken) when (broken is IOException or HttpRequestException or TimeoutException)
        {
            return null;
        }
    }

    private static void ThrowUnlessDeleted(EventFrame frame, string path)
    {
        var end = JsonSerializer.Deserialize(frame.Data, ApiJson.Default.StreamEnd)!;
        if (end.Reason is not StreamEnd.Deleted) throw new ApiException(HttpStatusCode.Unauthorized, "GET", path, end.Message);
    }
}
