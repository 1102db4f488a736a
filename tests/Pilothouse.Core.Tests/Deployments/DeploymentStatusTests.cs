using Pilothouse.Core.Deployments;
using Xunit;

namespace Pilothouse.Core.Tests.Deployments;

public sealed class DeploymentStatusTests
{
    [Theory]
    [InlineData(DeploymentStatus.AwaitingDatabase, "AWAITING_DATABASE")]
    [InlineData(DeploymentStatus.Ready, "READY")]
    [InlineData(DeploymentStatus.Unused, "UNUSED")]
    [InlineData(DeploymentStatus.AwaitingDelete, "AWAITING_DELETE")]
    [InlineData(DeploymentStatus.Unknown, "UNKNOWN")]
    public void Wire_names_go_both_ways(DeploymentStatus status, string name)
    {
        Assert.Equal(name, status.ToWire());
        Assert.Equal(status, DeploymentStatuses.FromWire(name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ready")]
    [InlineData("DELETED")]
    public void Other_spellings_are_nothing(string name) => Assert.Null(DeploymentStatuses.FromWire(name));

    [Fact]
    public void Every_status_comes_back() => Assert.All(
        Enum.GetValues<DeploymentStatus>(),
        status => Assert.Equal(status, DeploymentStatuses.FromWire(status.ToWire())));
}
