using Pilothouse.Control.Revisions;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Revisions;
using Xunit;
using static Pilothouse.Core.Revisions.RevisionStatus;

namespace Pilothouse.Control.Tests.Reconciling;

public sealed class RevisionQueueTests
{
    [Theory]
    [InlineData(new RevisionStatus[0], null, new int[0])]
    [InlineData(new[] { Queued }, 1, new int[0])]
    [InlineData(new[] { Queued, Queued, Queued }, 3, new[] { 1, 2 })]
    [InlineData(new[] { AwaitingBuild, Queued }, null, new int[0])]
    [InlineData(new[] { Queued, Building }, null, new int[0])]
    [InlineData(new[] { AwaitingDeploy, Queued, Queued }, null, new int[0])]
    [InlineData(new[] { Deploying, Queued }, null, new int[0])]
    [InlineData(new[] { Creating, Queued, Creating }, 2, new int[0])]
    public void Newest_queued_goes_on_when_none_is_in_flight(RevisionStatus[] statuses, int? promoted, int[] skipped)
    {
        var plan = RevisionQueue.Plan(DeploymentStatus.Ready, Rows(statuses));

        Assert.Equal(promoted, plan.Promote?.Number);
        Assert.Equal(skipped, plan.Skip.Select(row => row.Number).Order());
        Assert.Empty(plan.Interrupt);
    }

    [Fact]
    public void Deletion_interrupts_all_that_has_not_ended()
    {
        var plan = RevisionQueue.Plan(DeploymentStatus.AwaitingDelete, Rows([Building, Queued]));

        Assert.Null(plan.Promote);
        Assert.Empty(plan.Skip);
        Assert.Equal([1, 2], plan.Interrupt.Select(row => row.Number));
    }

    private static List<RevisionRow> Rows(RevisionStatus[] statuses) => [.. statuses.Select((status, index) => new RevisionRow
    {
        Number = index + 1, Status = status, Source = "internal_source", SourceRevisionConfig = "{}", SecretValues = [],
    })];
}
