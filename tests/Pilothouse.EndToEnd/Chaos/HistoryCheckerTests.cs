using Xunit;

namespace Pilothouse.EndToEnd.Chaos;

/// <summary>A checker that finds nothing proves nothing.</summary>
public sealed class HistoryCheckerTests
{
    private static readonly Guid s_deployment = Guid.NewGuid();
    private static readonly Guid s_revision = Guid.NewGuid();

    [Fact]
    public void A_good_history_is_good() => Assert.Empty(HistoryChecker.Check([Created(), Patched()], [.. Life()], Left()));

    [Fact]
    public void Planted_a_builder_without_fencing_is_found()
    {
        // a claims, is paused; b takes over; a wakes and ends the build.
        Entered[] history =
        [
            .. Life().Take(3), Of(4, "Building", "AwaitingBuild", "b"), Of(5, "AwaitingBuild", "Building", "b"), Of(6, "Building", "AwaitingDeploy", "a"),
        ];

        Assert.Contains(Check(history), fault => fault.EndsWith("was b's, and a ended it.", StringComparison.Ordinal));
    }

    [Fact]
    public void Planted_a_listener_without_fencing_is_found()
    {
        Entered[] history = [.. Life().Take(4), Of(5, "AwaitingDeploy", "Deploying", "a", holder: "b")];

        Assert.Contains(Check(history), fault => fault.EndsWith("became Deploying by a while b ran the agents.", StringComparison.Ordinal));
    }

    [Fact]
    public void Planted_an_acknowledgement_before_the_store_has_it_is_found()
    {
        var lost = Created() with { Deployment = Guid.NewGuid() };
        var forgotten = Patched() with { Revision = Guid.NewGuid() };

        var faults = HistoryChecker.Check([Created(), Patched(), lost, forgotten], [.. Life()], Left());

        Assert.Equal(2, faults.Count);
        Assert.Contains(faults, fault => fault.StartsWith($"{lost.Deployment} was created", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith($"Revision {forgotten.Revision}", StringComparison.Ordinal));
    }

    [Fact]
    public void Two_in_flight_at_once_and_ways_that_the_table_has_not_are_found()
    {
        var other = Guid.NewGuid();

        Assert.Contains(Check([.. Life().Take(3), Of(4, "Queued", "AwaitingBuild", "a") with { Revision = other }]), fault => fault.EndsWith("were in flight at once.", StringComparison.Ordinal));
        Assert.Contains(Check([.. Life(), Of(9, "Deployed", "Deploying", "a")]), fault => fault.EndsWith("went from Deployed to Deploying.", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_left_over_or_missing_at_the_end_is_found()
    {
        Assert.Single(HistoryChecker.Check([], [], Left() with { Replicas = [s_deployment, s_deployment] }));
        Assert.Single(HistoryChecker.Check([], [], Left() with { Replicas = [] }));
        Assert.Single(HistoryChecker.Check([], [], Left() with { Replicas = [s_deployment, Guid.NewGuid()] }));
        Assert.Single(HistoryChecker.Check([], [], Left() with { Switches = [(1, 0)] }));
        Assert.Single(HistoryChecker.Check([], [], Left() with { Revisions = new Dictionary<Guid, string> { [s_revision] = "Building" } }));
        Assert.Single(HistoryChecker.Check([Created() with { Kind = "delete" }], [], Left()));
        Assert.Single(HistoryChecker.Check([Created() with { Kind = "list", Status = 500 }], [], Left()));
    }

    private static IReadOnlyList<string> Check(IReadOnlyList<Entered> history) => HistoryChecker.Check([], history, Left());

    private static Act Created() => new("create", s_deployment, null, 201, default, default);

    private static Act Patched() => new("patch", s_deployment, s_revision, 200, default, default);

    private static IEnumerable<Entered> Life() =>
    [
        Of(1, "", "Queued", "a"), Of(2, "Queued", "AwaitingBuild", "b"), Of(3, "AwaitingBuild", "Building", "a"), Of(4, "Building", "AwaitingDeploy", "a"),
        Of(5, "AwaitingDeploy", "Deploying", "b", holder: "b"), Of(6, "Deploying", "Deployed", "b", holder: "b"),
    ];

    private static Entered Of(long order, string from, string to, string writer, string holder = "") => new(order, s_deployment, s_revision, from, to, writer, holder);

    private static Remains Left() =>
        new(new HashSet<Guid> { s_deployment }, new Dictionary<Guid, string> { [s_revision] = "Deployed" }, [s_deployment], [s_deployment], [(0, 0)]);
}
