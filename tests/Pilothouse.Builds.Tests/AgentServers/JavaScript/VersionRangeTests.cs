using Pilothouse.Builds.AgentServers.JavaScript;
using Xunit;

namespace Pilothouse.Builds.Tests.AgentServers.JavaScript;

public sealed class VersionRangeTests
{
    [Theory]
    [InlineData("^1.2.3", "1.2.3", true)]
    [InlineData("^1.2.3", "1.9.0", true)]
    [InlineData("^1.2.3", "1.2.2", false)]
    [InlineData("^1.2.3", "2.0.0-rc.1", false)]
    [InlineData("^0.2.57", "0.2.74", true)]
    [InlineData("^0.2.57", "0.2.56", false)]
    [InlineData("^0.2.57", "0.3.0", false)]
    [InlineData("^0.0.3", "0.0.4", false)]
    [InlineData("^0", "0.9.1", true)]
    [InlineData("^1.0.0-alpha", "1.0.0-alpha.5", true)]
    [InlineData("^1.4.18-rc.0", "1.4.17", false)]
    [InlineData("~1.0.0", "1.0.9", true)]
    [InlineData("~1.0.0", "1.1.0", false)]
    [InlineData("~1", "1.9.0", true)]
    [InlineData("1.x", "1.9.0", true)]
    [InlineData("1", "2.0.0", false)]
    [InlineData("1.2", "1.2.9", true)]
    [InlineData("*", "7.0.0", true)]
    [InlineData("", "7.0.0", true)]
    [InlineData(">=20.16.0", "20.16.0", true)]
    [InlineData("^18.19.0 || >=20.16.0", "20.15.1", false)]
    [InlineData("^18.19.0 || >=20.16.0", "18.20.0", true)]
    [InlineData(">= 1.2 <2", "1.9.9", true)]
    [InlineData(">=1.2 <2", "2.0.0", false)]
    [InlineData(">1", "1.5.0", false)]
    [InlineData(">1.2.3", "1.2.4", true)]
    [InlineData("<=1.2", "1.2.9", true)]
    [InlineData("1.0 - 2.1", "2.1.7", true)]
    [InlineData("1.2.3", "1.2.3", true)]
    [InlineData("=1.2.3", "1.2.4", false)]
    [InlineData("1.2.3-rc.1", "1.2.3-rc.1", true)]
    [InlineData("1.2.3-rc.1", "1.2.3-rc.2", false)]
    public void Range_contains_what_npm_says(string range, string version, bool expected)
    {
        Assert.True(SemanticVersion.TryParse(version, out var parsed));

        Assert.Equal(expected, VersionRange.Parse(range).Contains(parsed));
    }

    [Theory]
    [InlineData("latest")]
    [InlineData("workspace:*")]
    [InlineData("file:../x")]
    [InlineData("git+https://example.org/x.git")]
    [InlineData("1.2.3.4")]
    public void What_is_no_range_is_not_guessed(string text) => Assert.Null(VersionRange.TryParse(text));

    [Theory]
    [InlineData("^0.2.0", "^0.2.57 || ^1", true)]
    [InlineData("~0.2.0", "^0.2.57 || ^1", true)]
    [InlineData("0.2.10", "^0.2.57 || ^1", false)]
    [InlineData("^0.1.0", "^0.2.57 || ^1", false)]
    [InlineData(">=0.1", "^0.2.57 || ^1", true)]
    public void Ranges_overlap_when_one_version_could_be_in_both(string one, string two, bool expected) =>
        Assert.Equal(expected, VersionRange.Parse(one).Overlaps(VersionRange.Parse(two)));

    [Fact]
    public void Versions_are_ordered_as_the_standard_says()
    {
        string[] ordered = ["1.0.0-0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.10"];

        var sorted = ordered.Reverse().Select(text => SemanticVersion.TryParse(text, out var version) ? version : default).Order();

        Assert.Equal(ordered, sorted.Select(version => version.ToString()));
    }
}
