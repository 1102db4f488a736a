using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Pilothouse.EndToEnd.Observing;

/// <summary>A page of Prometheus' text format, read line by line; fails on a line that is none.</summary>
/// <param name="Series">Name and labels, as written, and the value.</param>
public sealed partial record Scrape(IReadOnlyDictionary<string, double> Series)
{
    public static Scrape Of(string text)
    {
        var series = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Comment().IsMatch(line)) continue;
            var match = Sample().Match(line);
            Assert.True(match.Success, $"Not a line of the format: {line}");
            var value = match.Groups["value"].Value;
            series.Add(match.Groups["series"].Value, value is "+Inf" ? double.PositiveInfinity : double.Parse(value, CultureInfo.InvariantCulture));
        }

        return new Scrape(series);
    }

    /// <summary>Names without labels.</summary>
    public IReadOnlySet<string> Names => Series.Keys.Select(series => series.Split('{')[0]).ToHashSet(StringComparer.Ordinal);

    /// <summary>Of all series of that name whose labels hold the text.</summary>
    public double Sum(string name, string label = "") => Series
        .Where(pair => pair.Key.Split('{')[0] == name && pair.Key.Contains(label, StringComparison.Ordinal)).Sum(pair => pair.Value);

    [GeneratedRegex(@"^# ((TYPE|HELP|UNIT) [a-zA-Z_:][a-zA-Z0-9_:]* .+|EOF)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Comment();

    [GeneratedRegex(
        """^(?<series>[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*",?)*\})?) (?<value>[+-]?(Inf|[0-9.]+([eE][+-]?[0-9]+)?)|NaN)( [0-9.]+)?$""",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Sample();
}
