using Pilothouse.Core.Revisions;
using Xunit;

namespace Pilothouse.Core.Tests.Revisions;

public sealed class RevisionStatusTests
{
    [Theory]
    [InlineData(RevisionStatus.Creating, "CREATING")]
    [InlineData(RevisionStatus.Queued, "QUEUED")]
    [InlineData(RevisionStatus.AwaitingBuild, "AWAITING_BUILD")]
    [InlineData(RevisionStatus.Building, "BUILDING")]
    [InlineData(RevisionStatus.AwaitingDeploy, "AWAITING_DEPLOY")]
    [InlineData(RevisionStatus.Deploying, "DEPLOYING")]
    [InlineData(RevisionStatus.Deployed, "DEPLOYED")]
    [InlineData(RevisionStatus.CreateFailed, "CREATE_FAILED")]
    [InlineData(RevisionStatus.BuildFailed, "BUILD_FAILED")]
    [InlineData(RevisionStatus.DeployFailed, "DEPLOY_FAILED")]
    [InlineData(RevisionStatus.Skipped, "SKIPPED")]
    [InlineData(RevisionStatus.Interrupted, "INTERRUPTED")]
    [InlineData(RevisionStatus.Unknown, "UNKNOWN")]
    public void Wire_names_go_both_ways(RevisionStatus status, string name)
    {
        Assert.Equal(name, status.ToWire());
        Assert.Equal(status, RevisionStatuses.FromWire(name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("deployed")]
    [InlineData("REPLACED")]
    [InlineData("AWAITING BUILD")]
    [InlineData(" DEPLOYED")]
    public void Other_spellings_are_nothing(string name) => Assert.Null(RevisionStatuses.FromWire(name));

    [Fact]
    public void Every_status_has_a_name_of_its_own() => Assert.Equal(
        Enum.GetValues<RevisionStatus>().Length,
        Enum.GetValues<RevisionStatus>().Select(status => status.ToWire()).Distinct(StringComparer.Ordinal).Count());

    [Fact]
    public void Six_statuses_are_terminal() => Assert.Equal(
        [
            RevisionStatus.Deployed, RevisionStatus.CreateFailed, RevisionStatus.BuildFailed,
            RevisionStatus.DeployFailed, RevisionStatus.Skipped, RevisionStatus.Interrupted,
        ],
        Enum.GetValues<RevisionStatus>().Where(status => status.IsTerminal()));

    [Fact]
    public void Four_statuses_hold_the_single_place_of_the_deployment() => Assert.Equal(
        [RevisionStatus.AwaitingBuild, RevisionStatus.Building, RevisionStatus.AwaitingDeploy, RevisionStatus.Deploying],
        Enum.GetValues<RevisionStatus>().Where(status => status.IsInFlight()));
}
