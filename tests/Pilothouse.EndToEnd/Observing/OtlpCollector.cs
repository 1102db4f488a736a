using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Pilothouse.EndToEnd.World;

namespace Pilothouse.EndToEnd.Observing;

/// <param name="Parent">Empty for a root.</param>
/// <param name="Links">How many other spans it names.</param>
public sealed record Span(string Trace, string Id, string Parent, string Name, int Links);

/// <summary>Takes OTLP over HTTP as a collector would, on loopback.</summary>
public sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, byte[] Body)> _taken = new();

    private OtlpCollector(WebApplication app)
    {
        _app = app;
        app.MapPost("/v1/{signal}", async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body, http.RequestAborted);
            _taken.Enqueue((http.Request.Path, body.ToArray()));
            http.Response.ContentType = "application/x-protobuf";
        });
    }

    public string Address => _app.Urls.Single();

    public IReadOnlyList<Span> Spans =>
    [
        .. Bodies("/v1/traces")
            // ExportTraceServiceRequest.resource_spans, ResourceSpans.scope_spans, ScopeSpans.spans.
            .SelectMany(body => Protobuf.Each(body, 1)).SelectMany(resource => Protobuf.Each(resource, 2)).SelectMany(scope => Protobuf.Each(scope, 2))
            .Select(span => new Span(
                Hex(span, 1), Hex(span, 2), Hex(span, 4), Encoding.UTF8.GetString(Protobuf.Each(span, 5).Single()), Protobuf.Each(span, 13).Count())),
    ];

    /// <summary>Bodies and trace ids of the log records.</summary>
    public IReadOnlyList<(string Text, string Trace)> Logs =>
    [
        // As for spans, down to LogRecord; body is an AnyValue with a string.
        .. Bodies("/v1/logs")
            .SelectMany(body => Protobuf.Each(body, 1)).SelectMany(resource => Protobuf.Each(resource, 2)).SelectMany(scope => Protobuf.Each(scope, 2))
            .Select(log => (Protobuf.Each(log, 5).Select(any => Encoding.UTF8.GetString(Protobuf.Each(any, 1).First())).First(), Hex(log, 9))),
    ];

    public int Metrics => Bodies("/v1/metrics").Count();

    /// <summary>Everything that came, as text: for what must not be in it.</summary>
    public string Raw => string.Concat(_taken.Select(one => Encoding.Latin1.GetString(one.Body)));

    public static async Task<OtlpCollector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var collector = new OtlpCollector(builder.Build());
        await collector._app.StartAsync(Repository.Cancel);
        return collector;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private IEnumerable<byte[]> Bodies(string path) => _taken.Where(one => one.Path == path).Select(one => one.Body);

    private static string Hex(byte[] message, int field) => string.Concat(Protobuf.Each(message, field).Select(Convert.ToHexStringLower));
}

/// <summary>As much of the wire format as reading fields takes (https://protobuf.dev/programming-guides/encoding).</summary>
internal static class Protobuf
{
    /// <summary>All values of a length-delimited field.</summary>
    public static IEnumerable<byte[]> Each(byte[] message, int field)
    {
        var at = 0;
        while (at < message.Length)
        {
            var tag = Varint(message, ref at);
            var length = (tag & 7) switch
            {
                0 => Skipped(message, ref at),
                1 => 8,
                2 => (int)Varint(message, ref at),
                5 => 4,
                _ => throw new InvalidDataException($"Wire type {tag & 7} at {at}."),
            };
            if ((tag & 7) == 2 && (int)(tag >> 3) == field) yield return message[at..(at + length)];
            at += length;
        }
    }

    private static int Skipped(byte[] message, ref int at)
    {
        Varint(message, ref at);
        return 0;
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = message[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80) return value;
        }
    }
}
