using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Pilothouse.Control.Errors;

/// <summary>
/// JSON whose length is known before its first byte goes out: the whole answer is one write to the socket, where a body of unknown length takes a
/// second one for its end.
/// </summary>
internal sealed class JsonAnswer<T>(T value, JsonTypeInfo<T> type, int status) : IResult, IStatusCodeHttpResult, IValueHttpResult, IContentTypeHttpResult
{
    public int? StatusCode => status;

    public object? Value => value;

    public string ContentType => "application/json";

    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        var response = httpContext.Response;
        response.StatusCode = status;
        response.ContentType = ContentType;
        JsonBuffer.Write(value, type, response, static (response, json) =>
        {
            response.ContentLength = json.Length;
            response.BodyWriter.Write(json);
        });
        return Task.CompletedTask;
    }
}

internal static class JsonBuffer
{
    /// <summary>Larger ones, of logs, are let go.</summary>
    private const int MaxKeptBytes = 256 * 1024;

    /// <summary>What a thread writes JSON into, from one answer to the next.</summary>
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_kept;

    /// <param name="use">Copies what it needs, and awaits nothing: the bytes are the thread's.</param>
    public static void Write<T, TState>(T value, JsonTypeInfo<T> type, TState state, Action<TState, ReadOnlySpan<byte>> use)
    {
        // Out of the way meanwhile, should a converter write an answer of its own or fail.
        var bytes = t_kept ?? new ArrayBufferWriter<byte>(4096);
        t_kept = null;
        using (var writer = new Utf8JsonWriter(
            bytes, new JsonWriterOptions { Encoder = type.Options.Encoder, Indented = type.Options.WriteIndented, SkipValidation = true }))
        {
            JsonSerializer.Serialize(writer, value, type);
        }

        use(state, bytes.WrittenSpan);
        if (bytes.Capacity > MaxKeptBytes) return;
        bytes.ResetWrittenCount();
        t_kept = bytes;
    }
}
