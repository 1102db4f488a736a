using System.Globalization;

namespace Pilothouse.Control.Logs;

/// <summary>A place between two lines of a log; opaque to clients. Shape: milliseconds since 1970, a dash, the line's number.</summary>
internal sealed record LogOffset(long Milliseconds, long Sequence)
{
    public DateTimeOffset At => DateTimeOffset.FromUnixTimeMilliseconds(Milliseconds);

    public static LogOffset? Parse(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash < 1
            || !long.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            || !long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            || milliseconds > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
            return null;
        return new LogOffset(milliseconds, sequence);
    }

    public override string ToString() => $"{Milliseconds}-{Sequence}";
}
