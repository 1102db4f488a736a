using Pilothouse.Control.Errors;
using Xunit;

namespace Pilothouse.Control.Tests.Errors;

public sealed class IsoTimeTests
{
    [Theory]
    [InlineData("2026-10-01T12:30:15Z", "2026-10-01T12:30:15.000")]
    [InlineData("2026-10-01T12:30:15.123456+00:00", "2026-10-01T12:30:15.123")]
    [InlineData("2026-10-01T12:30:15.123456 00:00", "2026-10-01T12:30:15.123")]
    [InlineData("2026-10-01T14:30:15+02:00", "2026-10-01T12:30:15.000")]
    [InlineData("2026-10-01T14:30:15 02:00", "2026-10-01T12:30:15.000")]
    [InlineData("2026-10-01T07:00:15-0530", "2026-10-01T12:30:15.000")]
    [InlineData("2026-10-01T12:30:15", "2026-10-01T12:30:15.000")]
    [InlineData("2026-10-01 12:30:15.5", "2026-10-01T12:30:15.500")]
    [InlineData("2026-10-01T12:30", "2026-10-01T12:30:00.000")]
    [InlineData("2026-10-01", "2026-10-01T00:00:00.000")]
    [InlineData(" 2026-10-01t12:30:15z ", "2026-10-01T12:30:15.000")]
    public void Times_are_read_as_clients_send_them(string text, string expected) =>
        Assert.Equal(expected, IsoTime.Parse(text)!.Value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff"));

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("2026-13-01T00:00:00Z")]
    [InlineData("2026-10-01T25:00:00Z")]
    [InlineData("2026-10-01T12:30:15+99:00")]
    [InlineData("1790856615000")]
    [InlineData("2026-10-01T12:30:15Z; DROP TABLE logs")]
    public void Anything_else_is_no_time(string text) => Assert.Null(IsoTime.Parse(text));
}
