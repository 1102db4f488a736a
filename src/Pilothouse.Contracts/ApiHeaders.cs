namespace Pilothouse.Contracts;

/// <summary>Headers of the API beyond the contract.</summary>
public static class ApiHeaders
{
    /// <summary>
    /// On every answer of the API, with the server's version. A server that sends it honours <see cref="IdempotencyKey"/>, so that a client may
    /// repeat what changes something.
    /// </summary>
    public const string Version = "X-Pilothouse-Version";

    /// <summary>On POST and PATCH: 1 to 255 visible ASCII characters, new for each request and the same for its repetitions.</summary>
    public const string IdempotencyKey = "Idempotency-Key";

    /// <summary><c>true</c> on an answer that was given before.</summary>
    public const string IdempotencyReplayed = "Idempotency-Replayed";

    /// <summary>
    /// On every answer of the API: <c>00-{trace id}-{span id}-{flags}</c> (W3C Trace Context, level 2). The trace is that of the request's
    /// <c>traceparent</c>, or new without one; what is done later for a revision that the request made belongs to it.
    /// </summary>
    public const string TraceResponse = "traceresponse";
}
