using System.Text;

namespace Pilothouse.Client;

/// <summary>One event of a stream.</summary>
internal sealed record EventFrame(string Kind, string Data);

/// <summary>Takes a <c>text/event-stream</c> apart (HTML standard, 9.2.6).</summary>
internal sealed class EventFrames(Stream stream, TimeProvider time) : IDisposable
{
    /// <summary>Three heartbeats were missed.</summary>
    private static readonly TimeSpan s_longestSilence = TimeSpan.FromSeconds(45);

    private readonly StreamReader _reader = new(stream, Encoding.UTF8);

    /// <summary>Null at the end; throws <see cref="TimeoutException"/> when nothing came for longer than a heartbeat takes.</summary>
    public async Task<EventFrame?> NextAsync(CancellationToken cancellationToken)
    {
        var kind = "message";
        var data = new StringBuilder();
        while (await _reader.ReadLineAsync(cancellationToken).AsTask().WaitAsync(s_longestSilence, time, cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (line.Length == 0)
            {
                if (data.Length > 0) return new EventFrame(kind, data.ToString());
                kind = "message";
                continue;
            }

            var (field, value) = Split(line);
            if (field is "event") kind = value;
            else if (field is "data") data.Append(data.Length > 0 ? "\n" : "").Append(value);
        }

        // What was not ended by an empty line is not whole.
        return null;
    }

    public void Dispose() => _reader.Dispose();

    /// <summary>A comment has an empty field.</summary>
    private static (string Field, string Value) Split(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0) return (line, "");
        var value = line[(colon + 1)..];
        return (line[..colon], value.StartsWith(' ') ? value[1..] : value);
    }
}
