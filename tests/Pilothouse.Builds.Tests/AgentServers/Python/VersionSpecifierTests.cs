using Pilothouse.Builds.AgentServers.Python;
using Xunit;

namespace Pilothouse.Builds.Tests.AgentServers.Python;

public sealed class VersionSpecifierTests
{
    [Fact]
    public void Versions_are_in_the_order_of_PEP_440()
    {
        string[] ordered =
        [
            "1.0.dev456", "1.0a1", "1.0a2.dev456", "1.0a12.dev456", "1.0a12", "1.0b1.dev456", "1.0b2", "1.0b2.post345.dev456", "1.0b2.post345", "1.0rc1.dev456",
            "1.0rc1", "1.0", "1.0.post456.dev34", "1.0.post456", "1.0.15", "1.1.dev1", "1.10", "1!0.1",
        ];

        for (var i = 0; i < ordered.Length; i++)
            for (var j = 0; j < ordered.Length; j++)
                Assert.Equal(Math.Sign(i.CompareTo(j)), Math.Sign(PackageVersion.Parse(ordered[i]).ComparedTo(PackageVersion.Parse(ordered[j]))));
    }

    [Theory]
    [InlineData("1.0", "1.0.0")]
    [InlineData("v1.0-RC.1", "1.0rc1")]
    [InlineData("1.0-1", "1.0.post1")]
    [InlineData("1.0+local.7", "1.0")]
    [InlineData("1.0alpha", "1.0a0")]
    public void Spellings_of_one_version_are_equal(string one, string other)
    {
        Assert.Equal(0, PackageVersion.Parse(one).ComparedTo(PackageVersion.Parse(other)));
    }

    [Theory]
    [InlineData(">=1.0,<2", "1.9.9", true)]
    [InlineData(">=1.0,<2", "2.0", false)]
    [InlineData("~=1.4.2", "1.4.9", true)]
    [InlineData("~=1.4.2", "1.5", false)]
    [InlineData("~=1.4", "1.9", true)]
    [InlineData("==1.4.*", "1.4rc1", true)]
    [InlineData("==1.4.*", "1.5", false)]
    [InlineData("==1.4", "1.4.0", true)]
    [InlineData("", "0.1", true)]
    [InlineData("!=1.5", "1.4", true)]
    public void Specifier_takes_versions(string specifier, string version, bool takes)
    {
        Assert.Equal(takes, VersionSpecifier.Parse(specifier).Contains(PackageVersion.Parse(version)));
    }

    [Theory]
    [InlineData("==1.5", ">=1,<2", true)]
    [InlineData("<1", ">=1", false)]
    [InlineData("<=1", ">=1", true)]
    [InlineData(">1", "<=1.0", false)]
    [InlineData("~=0.2", ">=0.4.10,<2", true)]
    [InlineData("~=0.2.0", ">=0.4.10,<2", false)]
    [InlineData(">=3,<2", "", false)]
    public void Overlap_is_seen_from_both_sides(string one, string other, bool overlaps)
    {
        Assert.Equal(overlaps, VersionSpecifier.Parse(one).Overlaps(VersionSpecifier.Parse(other)));
        Assert.Equal(overlaps, VersionSpecifier.Parse(other).Overlaps(VersionSpecifier.Parse(one)));
    }

    [Theory]
    [InlineData("latest")]
    [InlineData("^1.0")]
    [InlineData("==")]
    [InlineData("~=1")]
    public void What_is_no_specifier_is_told(string text)
    {
        Assert.Null(VersionSpecifier.TryParse(text));
    }
}
