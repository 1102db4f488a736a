using System.Text.RegularExpressions;
using Pilothouse.Core.Deployments;
using Xunit;

namespace Pilothouse.Core.Tests.Deployments;

public sealed partial class RouteLabelTests
{
    /// <summary>The suffixes are what Python's <c>uuid.uuid5</c> makes of the same namespace and id.</summary>
    [Theory]
    [InlineData("019326c8-4f2a-7c3e-9d10-5b2f8a6e1c44", "4d29bac381d659ebb633a8824f2a1cfd")]
    [InlineData("00000000-0000-0000-0000-000000000001", "cc478983dab65e47bebd4723deff8672")]
    public void Suffix_is_a_version_5_uuid_of_the_id(string id, string suffix) =>
        Assert.Equal($"echo-{suffix}", RouteLabel.Of("echo", new DeploymentId(Guid.Parse(id))));

    [Fact]
    public void Longest_name_still_makes_one_dns_label()
    {
        var label = RouteLabel.Of(new string('a', RouteLabel.MaxNameLength), DeploymentId.New());

        Assert.Equal(63, label.Length);
        Assert.Matches(DnsLabel(), label);
    }

    [Fact]
    public void Holder_of_a_name_that_was_freed_gets_another_label() =>
        Assert.NotEqual(RouteLabel.Of("echo", DeploymentId.New()), RouteLabel.Of("echo", DeploymentId.New()));

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", RegexOptions.ExplicitCapture)]
    private static partial Regex DnsLabel();
}
