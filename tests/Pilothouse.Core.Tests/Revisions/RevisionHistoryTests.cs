using CsCheck;
using Pilothouse.Core.Revisions;
using Xunit;
using static Pilothouse.Core.Revisions.RevisionStatus;

namespace Pilothouse.Core.Tests.Revisions;

/// <summary>What holds for a revision whatever news arrives, in whatever order and how often.</summary>
public sealed class RevisionHistoryTests
{
    /// <summary>How far along the main path; failures and the like rank where they branch off.</summary>
    private static readonly Dictionary<RevisionStatus, int> s_rank = new()
    {
        [Creating] = 0,
        [CreateFailed] = 1,
        [Queued] = 1,
        [Skipped] = 2,
        [AwaitingBuild] = 2,
        [Building] = 2, // an abandoned build goes back to AwaitingBuild
        [BuildFailed] = 3,
        [AwaitingDeploy] = 3,
        [Deploying] = 4,
        [DeployFailed] = 5,
        [Interrupted] = 6,
        [Deployed] = 7,
    };

    private static readonly Gen<RevisionEvent[]> s_news = Gen.Enum<RevisionEvent>().Array[0, 60];

    [Fact]
    public void Never_goes_back_except_to_build_again() => s_news.Sample(news =>
    {
        foreach (var (before, after) in Steps(news))
            Assert.True(s_rank[after] >= s_rank[before], $"{before} → {after}");
    });

    [Fact]
    public void Once_over_it_stays_over() => s_news.Sample(news =>
    {
        foreach (var (before, after) in Steps(news))
            Assert.True(!before.IsTerminal() || before == after || (before, after) == (DeployFailed, Deployed), $"{before} → {after}");
    });

    [Fact]
    public void Repeated_news_changes_nothing_more() => s_news.Sample(news =>
    {
        var doubled = news.SelectMany(happened => new[] { happened, happened });

        Assert.Equal(End(news), End(doubled));
    });

    [Fact]
    public void Stale_news_of_what_is_passed_changes_nothing() => s_news.Select(Gen.Int[0, 59]).Sample((news, cut) =>
    {
        var seen = news.Take(cut).ToList();
        var there = End(seen);

        // Everything that already moved it once, in any order, again; a build may begin again, so news of builds is news only once it is over.
        var stale = Movers(seen).Where(happened => happened is not (RevisionEvent.BuildStarted or RevisionEvent.BuildAbandoned));

        Assert.Equal(there, stale.Reverse().Aggregate(there, RevisionMachine.Next));
    });

    [Fact]
    public void Every_revision_can_be_brought_to_an_end() => s_news.Sample(news =>
    {
        var ended = RevisionMachine.Next(End(news), RevisionEvent.InterruptRequested);

        Assert.True(ended.IsTerminal(), $"{ended}");
    });

    [Fact]
    public void Order_of_the_main_path_leads_through_every_status_of_it()
    {
        RevisionEvent[] path =
        [
            RevisionEvent.Admitted, RevisionEvent.PromotedToBuild, RevisionEvent.BuildStarted, RevisionEvent.BuildSucceeded,
            RevisionEvent.DeployStarted, RevisionEvent.DeploySucceeded,
        ];

        Assert.Equal([Queued, AwaitingBuild, Building, AwaitingDeploy, Deploying, Deployed], Steps(path).Select(step => step.After));
    }

    private static RevisionStatus End(IEnumerable<RevisionEvent> news) => news.Aggregate(Creating, RevisionMachine.Next);

    private static IEnumerable<(RevisionStatus Before, RevisionStatus After)> Steps(IEnumerable<RevisionEvent> news)
    {
        var status = Creating;
        foreach (var happened in news)
        {
            var next = RevisionMachine.Next(status, happened);
            yield return (status, next);
            status = next;
        }
    }

    private static IEnumerable<RevisionEvent> Movers(IEnumerable<RevisionEvent> news)
    {
        var status = Creating;
        foreach (var happened in news)
        {
            var next = RevisionMachine.Next(status, happened);
            if (next != status) yield return happened;
            status = next;
        }
    }
}
