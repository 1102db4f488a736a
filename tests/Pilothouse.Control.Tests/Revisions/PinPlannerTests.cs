using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Revisions;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Revisions;
using Xunit;
using static Pilothouse.Core.Revisions.RevisionStatus;

namespace Pilothouse.Control.Tests.Revisions;

public sealed class PinPlannerTests
{
    /// <summary>Revision 2 went back to 1 by revision 4; 3 was the newest.</summary>
    private static readonly PinRow s_pin = new()
    {
        RevisionNumber = 4,
        TargetNumber = 1,
        TargetMark = "github:aaa:f",
        LeftNumber = 3,
        LeftMark = "github:ccc:f",
    };

    [Theory]
    [InlineData("github:ccc:f", SourceAge.Unknown, typeof(StartVerdict.Held))]
    [InlineData("github:ccc:f", SourceAge.Newer, typeof(StartVerdict.Held))]
    [InlineData("github:bbb:f", SourceAge.SameOrOlder, typeof(StartVerdict.Held))]
    [InlineData("github:bbb:f", SourceAge.Unknown, typeof(StartVerdict.Held))]
    [InlineData(null, SourceAge.Unknown, typeof(StartVerdict.Held))]
    [InlineData("github:ddd:f", SourceAge.Newer, typeof(StartVerdict.Release))]
    [InlineData("github:aaa:f", SourceAge.Unknown, typeof(StartVerdict.Go))]
    public void T22_a_push_of_the_same_or_an_older_commit_is_held_and_a_newer_one_ends_the_rollback(string? mark, object age, Type verdict)
    {
        var said = PinPlanner.MayStartAutomatically(s_pin, new AutomaticStart(mark, (SourceAge)age));

        Assert.IsType(verdict, said);
        Assert.IsType<StartVerdict.Go>(PinPlanner.MayStartAutomatically(pin: null, new AutomaticStart(mark, (SourceAge)age)));
    }

    [Theory]
    [InlineData("github:ccc:f", true, typeof(StartVerdict.Held))]
    [InlineData("github:ddd:f", true, typeof(StartVerdict.Release))]
    [InlineData(null, true, typeof(StartVerdict.Release))]
    [InlineData("github:aaa:f", true, typeof(StartVerdict.Go))]
    [InlineData("github:ccc:f", false, typeof(StartVerdict.Go))]
    public void Request_that_names_another_source_ends_the_rollback_and_one_with_the_left_source_is_held(string? mark, bool namesSource, Type verdict) =>
        Assert.IsType(verdict, PinPlanner.MayStartByRequest(s_pin, mark, namesSource));

    [Theory]
    [InlineData(new[] { Deployed, Deployed, Building, Queued }, 4, new int[0], new[] { 3 })]
    [InlineData(new[] { Deployed, Queued, Deploying, Queued }, 4, new[] { 2 }, new[] { 3 })]
    [InlineData(new[] { Deployed, Queued, Queued, AwaitingBuild }, null, new[] { 2, 3 }, new int[0])]
    [InlineData(new[] { Deployed, Deployed, Deployed, Deployed, Queued }, 5, new int[0], new int[0])]
    [InlineData(new[] { Deployed, Deployed, Creating, Deployed }, null, new int[0], new[] { 3 })]
    public void Queue_takes_up_nothing_from_before_the_rollback(RevisionStatus[] statuses, int? promoted, int[] skipped, int[] interrupted)
    {
        var unfinished = statuses.Select((status, index) => new RevisionRow
        {
            Id = Guid.NewGuid(),
            Number = index + 1,
            Status = status,
            Source = "internal_source",
            SourceRevisionConfig = "{}",
            SecretValues = [],
        }).Where(row => !row.Status.IsTerminal()).ToList();

        var plan = RevisionQueue.Plan(DeploymentStatus.Ready, unfinished, s_pin);

        Assert.Equal(promoted, plan.Promote?.Number);
        Assert.Equal(skipped, plan.Skip.Select(row => row.Number).Order());
        Assert.Equal(interrupted, plan.Interrupt.Select(row => row.Number).Order());
    }

    [Fact]
    public void Sources_are_known_again_by_what_they_are()
    {
        var tarball = new SourceRevisionConfig { SourceTarballPath = "uploads/1", LanggraphConfigPath = "" };
        Assert.Equal("tarball:ab:langgraph.json", SourceMark.Of("internal_source", tarball, "ab"));
        Assert.Equal("tarball:uploads/1:langgraph.json", SourceMark.Of("internal_source", tarball, tarballSha256: null));
        Assert.Equal("github:c0ffee:a/b.json", SourceMark.Of("github", new SourceRevisionConfig { RepoRef = "main", RepoCommitSha = "c0ffee", LanggraphConfigPath = "a/b.json" }, null));
        Assert.Null(SourceMark.Of("github", new SourceRevisionConfig { RepoRef = "main" }, null));
        Assert.Equal("image:r/a:1", SourceMark.Of("external_docker", new SourceRevisionConfig { ImageUri = "r/a:1" }, null));
    }
}
